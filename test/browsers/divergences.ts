// Where what a browser gets is known to differ from what `explain` says, and why. Each is asserted to be still so.
import type { Case } from './case.ts'
import type { Engine } from './engine.ts'

/** What some browsers do otherwise. */
export interface Divergence {
  readonly engines: readonly Engine['name'][]
  readonly why: string
  readonly applies: (test: Case) => boolean
  readonly outcome?: 'readable' | 'blocked'
  /** What arrives at the gateway, made of what should. */
  readonly arrivals?: (said: readonly string[], pageOrigin: string) => readonly string[]
}

const isNamed = (...names: string[]) => ({ name }: Case): boolean => names.includes(name)

export const divergences: readonly Divergence[] = [
  {
    engines: ['Chromium', 'Firefox', 'WebKit'],
    why: 'Node parses no method `patch` and answers 400 before any rule; the browsers do as the standard says',
    applies: isNamed('patch where any method is'),
    outcome: 'blocked',
    arrivals: said => said.slice(0, 1)
  },
  {
    engines: ['WebKit'],
    why: 'WebKitGTK loads web fonts without CORS and names no origin',
    applies: ({ kind }) => kind === 'font',
    outcome: 'readable',
    arrivals: said => said.map(line => line.replace(/ from .*/, ' from nobody'))
  },
  {
    engines: ['Chromium', 'WebKit'],
    why: 'what an element loads with `crossorigin` from the page\'s own origin names that origin',
    applies: ({ from, frame, kind, hops }) =>
      from === 'own' && frame === undefined && hops === undefined && /^(?:image|module|script|style)$/.test(kind ?? ''),
    arrivals: (said, pageOrigin) => said.map(line => line.replace('nobody', pageOrigin))
  },
  {
    engines: ['Chromium'],
    why: 'a web font from the page\'s own origin names that origin',
    applies: ({ from, kind }) => from === 'own' && kind === 'font',
    arrivals: (said, pageOrigin) => said.map(line => line.replace('nobody', pageOrigin))
  },
  {
    engines: ['Firefox'],
    why: 'a header that is set twice is asked for twice',
    applies: isNamed('a header given twice'),
    arrivals: said => said.map(line => line.replace('for GET x-a', 'for GET x-a,x-a'))
  },
  {
    engines: ['Firefox', 'WebKit'],
    why: 'a request that was preflighted is preflighted again after a 303, though it has become a GET',
    applies: isNamed('303 makes PUT a GET'),
    arrivals: (said, pageOrigin) => said.toSpliced(-1, 0, `OPTIONS from ${pageOrigin} for GET `)
  },
  {
    engines: ['Firefox'],
    why: 'a request that was preflighted is preflighted again after a redirect, though nothing is left to ask for; it names the page',
    applies: isNamed('303 drops JSON with the body', 'authorization is dropped for another host'),
    arrivals: (said, pageOrigin) => said.toSpliced(-1, 0, `OPTIONS from ${pageOrigin} for GET `)
  },
  {
    engines: ['Firefox'],
    why: 'the preflight after a redirect to another host names the page, the request itself nobody (`null`)',
    applies: isNamed('PUT with a header to another host'),
    arrivals: (said, pageOrigin) => said.map(line => line.replace('OPTIONS from null', `OPTIONS from ${pageOrigin}`))
  },
  {
    engines: ['WebKit'],
    why: 'content-type outlives the body that a 303 drops, and is asked for',
    applies: isNamed('303 drops JSON with the body'),
    outcome: 'blocked',
    arrivals: (said, pageOrigin) => said.toSpliced(-1, 1, `OPTIONS from ${pageOrigin} for GET content-type`)
  },
  {
    engines: ['WebKit'],
    why: 'authorization is kept on a redirect to another host, and asked for',
    applies: isNamed('authorization is dropped for another host'),
    outcome: 'blocked',
    arrivals: said => said.toSpliced(-1, 1, 'OPTIONS from null for GET authorization')
  }
]
