// Started as a process of its own: it must end by itself once nobody reads or watches the URL any more.
import { httpSource } from '../../src/source/http.ts'

const source = httpSource(process.argv[2]!, { pollInterval: 20 })
const controller = new AbortController()
const stop = source.watch!(() => {})
const reading = source.read(controller.signal).then(() => 'read', () => 'given up')
setTimeout(() => {
  controller.abort()
  void Promise.all([reading, stop()]).then(([outcome]) => { process.stdout.write(`closed, ${outcome}\n`) })
}, 100)
