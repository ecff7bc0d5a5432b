// What the schemas say of a file: the words, and what to do.
import t from 'tap'
import { build } from '../../src/build.ts'

const rule = (more: string): string => `version: 1\nrules:\n  - name: r\n    routes: [/r]\n    ${more}\n`
const list = (more: string): string => rule(`allowOrigins: ${more}`)
const version = (more: string): string => list('[https://a.example]').replace('version: 1', more)
const never = (more: string): string => `${list('[https://a.example]')}guardrails: [{name: g, never: {${more}}}]\n`

t.test('what is wanted, and where else it belongs', async t => {
  const cases: readonly [text: string, message: string, help: string][] = [
    [version('version: 2'), '`version` must be 1', 'write `1`'],
    [version('version: "1"'), '`version` must be 1', 'write `1`, without quotes'],
    [never('read: false'), '`read` must be true', 'write `true`'],
    [version('version: 1\ntests: []'), 'a policy file has no key `tests`', 'policy tests stand in files whose names end in `.test.yaml`'],
    [version('version: 1\nexpires: 2030-01-01T00:00:00Z'), 'a policy file has no key `expires`', 'a validity window belongs to a single rule'],
    [version('version: 1\nhost: []'), 'a policy file has no key `host`', 'did you mean `hosts`?'],
    [list('[null]'), 'an entry of `allowOrigins` takes a text, and this is null', 'write `"null"`, in quotes, if the opaque origin is meant'],
    [list('[~]'), 'an entry of `allowOrigins` takes a text, and this is null', 'write a value, or remove the entry'],
    [list('\n    -'), 'an entry of `allowOrigins` takes a text, and this is null', 'write a value, or remove the entry'],
    [list('[1]'), 'an entry of `allowOrigins` takes a text, and this is a number', 'put it in quotes if the text is meant: `"1"`'],
    [list('"*"'), '`allowOrigins` takes a list, and this is a text', 'write a list, such as `[…]` or lines that begin with `- `'],
    [list('[https://a.example]\n    maxAge:'), '`maxAge` takes a whole number or a text, and this is null', 'write a value, or remove the line'],
    ['version: 1\nrules: [1]\n', 'an entry of `rules` takes a map of keys, and this is a number', ''],
    ['- a\n', 'a policy file is a map of keys, not a list', '']
  ]
  for (const [text, message, help] of cases) {
    const [first] = build([{ name: 'a.yaml', text }]).diagnostics
    t.match(first, { severity: 'error', message }, text)
    if (help !== '') t.equal(first?.help, help, text)
  }
})
