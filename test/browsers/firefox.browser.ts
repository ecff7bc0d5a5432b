// Firefox does what `explain` says.
import { Firefox } from './firefox.ts'
import { judgeBrowser } from './suite.ts'

await judgeBrowser(() => Firefox.launch())
