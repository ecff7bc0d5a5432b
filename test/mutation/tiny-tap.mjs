// As much of tap as the tests of the core need, in this process: the first assertion that fails ends the run.
import { isDeepStrictEqual } from 'node:util'

class Failed extends Error {}

function matches (got, wanted) {
  if (wanted instanceof RegExp) return wanted.test(String(got))
  if (typeof wanted === 'object' && wanted !== null) {
    return typeof got === 'object' && got !== null && Object.keys(wanted).every(key => matches(got[key], wanted[key]))
  }
  return Object.is(got, wanted)
}

/** A `tap` whose tests are kept until `run` is called. `skip` holds names of tests that need more than the core. */
export function tinyTap (skip) {
  const tests = []
  const assert = (isTrue, message) => { if (!isTrue) throw new Failed(message) }
  const t = {
    test: (name, run) => { if (!skip.has(name)) tests.push([name, run]) },
    // How often something was seen depends on how many runs there are.
    ok: (value, message = '') => assert(value || / was seen \d+ times$| matched some /.test(message), message),
    notOk: (value, message) => assert(!value, message),
    equal: (got, wanted, message) => assert(Object.is(got, wanted), message),
    not: (got, other, message) => assert(!Object.is(got, other), message),
    same: (got, wanted, message) => assert(isDeepStrictEqual(got, wanted), message),
    strictSame: (got, wanted, message) => assert(isDeepStrictEqual(got, wanted), message),
    match: (got, wanted, message) => assert(matches(got, wanted), message),
    pass: () => {},
    fail: message => assert(false, message),
    comment: () => {},
    end: () => {},
    teardown: () => {}
  }
  const run = async () => { for (const [, test] of tests.splice(0)) await test(t) }
  return { module: { __esModule: true, default: t }, run }
}
