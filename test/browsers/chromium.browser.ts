// Chromium does what `explain` says.
import { Chromium } from './chromium.ts'
import { judgeBrowser } from './suite.ts'

await judgeBrowser(() => Chromium.launch())
