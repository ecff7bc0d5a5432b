// Started as a process of its own: it must end by itself once the keeper is closed.
import { createKeeper } from '../../src/source/keeper.ts'
import { directorySource } from '../../src/source/directory.ts'

const keeper = await createKeeper({ source: directorySource(process.argv[2]!) })
const reloading = keeper.reload()
await keeper.close()
await reloading
process.stdout.write('closed\n')
