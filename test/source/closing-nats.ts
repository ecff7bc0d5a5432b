// Started as a process of its own: it must end by itself once nobody reads or watches the store any more.
import { natsSource } from '../../src/source/nats/source.ts'

const [url, user, passwordFile] = process.argv.slice(2)
const source = natsSource(url!, { pollInterval: 20, ...user !== undefined && passwordFile !== undefined && { user, passwordFile } })
const controller = new AbortController()
const early = source.read(controller.signal).then(() => 'read', () => 'given up')
const stop = source.watch!(() => {})
const reading = source.read(controller.signal).then(() => 'read', () => 'given up')
setTimeout(() => {
  controller.abort()
  void Promise.all([early, reading, stop()]).then(([outcome]) => { process.stdout.write(`closed, ${outcome}\n`) })
}, 500)
