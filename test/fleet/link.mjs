// A link to a server on this machine that can be cut, silenced and slowed down: every byte goes through this process.
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export class Link {
  /** Where the link begins. */
  port = 0
  /** How long each piece is under way, in milliseconds. */
  delay = 0
  #to
  #server = null
  #pairs = new Set()

  /** A link to a port of this machine. */
  static async to (port) {
    const link = new Link()
    link.#to = port
    await link.heal()
    return link
  }

  /** Resets what is open and refuses what comes, as where a machine is gone. */
  async sever () {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const { near, far } of this.#pairs) for (const socket of [near, far]) socket.resetAndDestroy()
    await closed
    this.#server = null
  }

  async heal () {
    this.#server = createServer(near => { this.#join(near) }).listen(this.port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.port = this.#server.address().port
  }

  /** What is open stays open, and nothing comes through any more, as where something on the way has forgotten it. What comes is let through. */
  forget () {
    for (const pair of this.#pairs) pair.isForgotten = true
  }

  async close () {
    if (this.#server !== null) await this.sever()
  }

  #join (near) {
    const far = connect(this.#to, '127.0.0.1')
    const pair = { near, far, isForgotten: false }
    this.#pairs.add(pair)
    for (const [from, to] of [[near, far], [far, near]]) this.#pass(pair, from, to)
  }

  #pass (pair, from, to) {
    let last = Promise.resolve()
    const later = act => {
      const due = performance.now() + this.delay
      last = last.then(async () => {
        if (due > performance.now()) await sleep(due - performance.now())
        if (!pair.isForgotten) act()
      })
    }
    from.on('data', piece => { later(() => { to.write(piece) }) })
    from.on('end', () => { later(() => { to.end() }) })
    from.on('error', () => { to.destroy() })
    from.on('close', () => {
      this.#pairs.delete(pair)
      later(() => { to.destroy() })
    })
  }
}
