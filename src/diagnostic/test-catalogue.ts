// The codes of policy tests: what stands in the way of running them.

/** A part of the catalogue; sorted by code. */
export const testCatalogue = {
  'invalid-url': {
    severity: 'error', title: 'URL that no page can ask for',
    why: 'A test shows what a browser does with a request; for such a URL it sends none, so the test would be met by accident.',
    help: 'write an absolute http, https, ws or wss URL'
  },
  'unknown-rule': {
    severity: 'error', title: 'test of a rule that nobody defines',
    why: 'A test that names no rule of the set tests nothing; after a rename it must not go on to pass.',
    help: 'write the name of a rule of this set'
  }
} as const
