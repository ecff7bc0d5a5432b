// WebKit does what `explain` says.
import { WebKit } from './webkit.ts'
import { judgeBrowser } from './suite.ts'

await judgeBrowser(() => WebKit.launch())
