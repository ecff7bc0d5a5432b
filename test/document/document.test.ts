// YAML to located values: places, traps, aliases and bounds.
import t from 'tap'
import { placeOf, type Span } from '../../src/diagnostic/span.ts'
import { parseDocument } from '../../src/document/document.ts'
import { spanOfKey, spanOfValue, toPlain, type LocatedList, type LocatedMap } from '../../src/document/located.ts'

const parse = (text: string): ReturnType<typeof parseDocument> => parseDocument({ name: 'a.yaml', text })
const told = (text: string): string[] => parse(text).diagnostics.map(({ code, line, column }) => `${line}:${column} ${code}`)

t.test('values and keys know their places, whatever ends a line', async t => {
  for (const [end, name] of [['\n', 'LF'], ['\r\n', 'CRLF'], ['\r', 'CR']] as const) {
    const text = ['\ufeffa: 1', '"b c":', '  - x', '  - {d: "é😀", e: true}', ''].join(end)
    const { document, diagnostics } = parse(text)
    t.strictSame(diagnostics, [], name)
    const root = document!.root as LocatedMap
    t.strictSame(toPlain(root), Object.assign(Object.create(null), { a: 1, 'b c': ['x', Object.assign(Object.create(null), { d: 'é😀', e: true })] }))
    const place = (span: Span): string => {
      const { line, column, endLine, endColumn } = placeOf(span)
      return `${line}:${column}-${endLine}:${endColumn}`
    }
    const entry = root.entries.get('b c')!
    t.equal(place(spanOfKey(document!.source, root.entries.get('a')!)), '1:1-1:2')
    t.equal(place(spanOfKey(document!.source, entry)), '2:1-2:6')
    const list = entry.value as LocatedList
    t.equal(place(spanOfValue(document!.source, list.items[0]!)), '3:5-3:6')
    t.equal(place(spanOfValue(document!.source, (list.items[1] as LocatedMap).entries.get('d')!.value)), '4:9-4:14')
  }
})

t.test('what YAML allows and a policy does not, each at its place', async t => {
  const cases: readonly [text: string, ...told: string[]][] = [
    ['', '1:1 empty-file'],
    ['# nothing\n', '1:1 empty-file'],
    ['---\n...\n', '1:1 empty-file'],
    ['null\n', '1:1 empty-file'],
    ['%YAML 1.1\n---\na: 1\n', '1:1 yaml-directive'],
    ['a: 1\n---\nb: 1\n', '2:1 yaml-documents'],
    ['a: !!str 1\nb: !x {}\n', '2:4 yaml-tag', '1:4 yaml-tag'],
    ['a: |\n  text\nb: !!binary |\n  aGk=\n', '3:4 yaml-tag'],
    ['<<: {a: 1}\n', '1:1 yaml-merge-key'],
    ['__proto__: 1\nconstructor: 1\nprototype: 1\n', '1:1 yaml-key', '2:1 yaml-key', '3:1 yaml-key'],
    ['1: a\nnull: b\ntrue: c\n', '1:1 yaml-key', '2:1 yaml-key', '3:1 yaml-key'],
    ['? [a]\n: 1\n', '1:3 yaml-key'],
    ['a: 1\nb: 1\na: 2\nb: 2\n', '3:1 duplicate-key', '4:1 duplicate-key'],
    ['a: {b: 1, b: 2}\n', '1:11 duplicate-key'],
    ['a: *\n', '1:4 yaml-alias'],
    ['a: [*, x]\n', '1:5 yaml-alias'],
    ['a: [*.example.com, *.example.org]\n', '1:5 yaml-alias', '1:20 yaml-alias'],
    ['a: *b\n', '1:4 yaml-alias'],
    ['a: &a [*a]\n', '1:8 yaml-alias'],
    ['&a a: 1\n*a : 2\n', '2:1 yaml-key'],
    ['a:\n\t- b\n', '2:1 yaml-indentation'],
    ['a: "b\n', '1:4 yaml-syntax'],
    ['a: [b\n', '1:4 yaml-syntax'],
    ['a: b: c\n', '1:4 yaml-syntax'],
    ['a: "b\u0000"\n', '1:6 control-character'],
    ['a: b\ufeff\n', '1:5 control-character'],
    ['a: "\ud800"\n', '1:5 control-character'],
    ['a: 1\n\u00a0\u00a0b: 1\n', '2:1 yaml-indentation']
  ]
  for (const [text, ...want] of cases) t.strictSame(told(text), want, JSON.stringify(text))
})

t.test('hints say what to write', async t => {
  const cases: readonly [text: string, help: RegExp][] = [
    ['a: [*]\n', /`"\*"`, in quotes/],
    ['a: [*.example.com]\n', /`"\*\.example\.com"`.*`"https:\/\/\*\.example\.com"`/],
    ['<<: {}\n', /defaults/],
    ['a:\n\t- b\n', /spaces/]
  ]
  for (const [text, help] of cases) t.match(parse(text).diagnostics[0]!.help, help, text)
})

t.test('a star that begins a text is quoted, as a list where one belongs', async t => {
  const cases: readonly [text: string, help: RegExp, fixed: string][] = [
    ['a: *\n', /^write `"\*"`, in quotes$/, '"*"'],
    ['allowOrigins: *\n', /^write `\["\*"\]`/, '["*"]'],
    ['never: {methods: *, read: true}\n', /^write `\["\*"\]`/, '["*"]'],
    ['allowOrigins:\n  - *\n', /^write `"\*"`, in quotes$/, '"*"'],
    ['allowOrigins: [*]\n', /^write `"\*"`, in quotes$/, '"*"'],
    ['maxAge: *\n', /^write `"\*"`, in quotes$/, '"*"'],
    ['allowOrigins: *.a.example\n', /`\["\*\.a\.example"\]`.*`\["https:\/\/\*\.a\.example"\]`/, '["*.a.example"]'],
    ['allowOrigins: [*.a.example]\n', /`"\*\.a\.example"`/, '"*.a.example"']
  ]
  for (const [text, help, fixed] of cases) t.match(parse(text).diagnostics, [{ code: 'yaml-alias', help, fix: { text: fixed } }], text)
})

t.test('a tab that indents is told, and nothing that follows from it', async t => {
  const list = 'a:\n  - b: 1\n'
  const cases: readonly [text: string, ...told: string[]][] = [
    [`${list}   \t c: 1\n    d: 2\n\n`, '3:4'],
    [`${list}  \t  c: 1\n\n  - b: 1\n    c: 2\n`, '3:3'],
    [`${list}\tc: 1\n    d: 2\n\n`, '3:1'],
    [`${list}  -\tb: 1\n  \tc: 2\n    d: 3\n`, '3:4', '4:3'],
    ['a: some text\n  \t b: 1\n', '2:3'],
    ['a: [\n\tb\n  ]\n', '2:1'],
    // What is wrong before it, or whatever the lines are, is told all the same.
    ['x\na: 1\n\tb: 1\n', '1:1 yaml-syntax', '3:1'],
    ['a:\n\t- b\nc: "d\n', '2:1', '3:4 yaml-syntax'],
    ['a:\n\t- b\nc: "\\q"\n', '2:1', '3:5 yaml-syntax'],
    // A tab that is none of indentation is at no fault.
    ['a: |\n  b\n  \tc\nd: 1\n \t \n  \t# d\nb:\t"c\n  \td"\ne: f: g\n', '9:4 yaml-syntax']
  ]
  for (const [text, ...want] of cases) {
    const found = told(text).sort()
    t.strictSame(found, want.map(each => each.includes(' ') ? each : `${each} yaml-indentation`), JSON.stringify(text))
    for (const { code, message } of parse(text).diagnostics) if (code === 'yaml-indentation') t.equal(message, 'a tab cannot indent')
  }
  t.equal(told('a: 1\n\tb: 1\n'.repeat(50_000)).length, 20, 'findings are bounded')
})

t.test('a line that fits nowhere is told once, in words about it', async t => {
  const [stray, entry] = ['this line is neither `key: value` nor an entry `- …`', 'an entry `- …` cannot stand among the keys of a map']
  const cases: readonly [text: string, place: string, message: string, help: RegExp][] = [
    ['a: 1\nx\n', '2:1', stray, /complete the line/],
    ['a: 1\nx # y: z\n', '2:1', stray, /complete the line/],
    ['x # y\na: 1\nb: [c]\n', '2:1', 'this cannot follow the value before it', /indent the line/],
    ['- a\nb: 1\n', '2:1', 'this cannot follow the value before it', /indent the line/],
    ['a:\n  - b\n  c\n', '3:3', stray, /complete the line/],
    ['a: {b: 1}\n    c\n', '2:5', stray, /complete the line/],
    ['a: 1\n"x"\n', '2:1', stray, /complete the line/],
    ['a [b]\nc: 1\n', '1:1', stray, /complete the line/],
    ['a: 1\nb:2\n', '2:1', stray, /a space behind the colon/],
    ['a: 1\n\n- b: 1\n', '3:1', entry, /below a key/],
    ['a: 1\n-\n', '2:1', entry, /below a key/],
    ['a:\n  - b: 1\n   c: 1\n', '3:4', 'among the entries of a list, this line begins with no `- `', /like the keys of its entry/],
    ['a: [b] c\n', '1:8', 'this cannot follow the value before it', /quotes as a whole/],
    ['"a\n b": 1\n', '1:1', 'a key stands on one line', /closing bracket/],
    ['a: b: c\n', '1:4', 'a second `key: value` cannot follow on one line', /in quotes/]
  ]
  for (const [text, place, message, help] of cases) {
    const { diagnostics } = parse(text)
    t.strictSame(diagnostics.map(each => [`${each.line}:${each.column}`, each.message]), [[place, message]], JSON.stringify(text))
    t.match(diagnostics[0]?.help, help, JSON.stringify(text))
  }
})

t.test('a bracket that nobody closes is told at the bracket', async t => {
  const cases: readonly [text: string, ...told: string[]][] = [
    ['routes: [/cart/**, /checkout/**\nmethods: [GET]\n', '1:9 ['],
    ['a: 1\nx: [', '2:4 ['],
    ['a: 1\nx: [\n', '2:4 ['],
    ['a: {b: 1\nc: 2\n', '1:4 {'],
    ['a: [{b: 1, c: 2\nd: 1\n', '1:4 [', '1:5 {'],
    ['a: {b: [1, 2}\nc: 1\n', '1:8 ['],
    ['a: [{b: 1]\nc: 1\n', '1:5 {'],
    ['{a: [1, 2}\n', '1:5 ['],
    ['[a\nb\n', '1:1 ['],
    ['a: "["\nb: [{c: "]"}\n', '2:4 [']
  ]
  for (const [text, ...want] of cases) {
    const { diagnostics } = parse(text)
    t.strictSame(diagnostics.map(({ code, line, column, message }) => [code, `${line}:${column}`, message]),
      want.map(each => ['yaml-syntax', each.split(' ')[0], `this \`${each.at(-1)}\` is never closed`]), JSON.stringify(text))
    for (const [i, each] of want.entries()) t.equal(diagnostics[i]?.help, `close it with \`${each.endsWith('{') ? '}' : ']'}\``)
  }
  for (const text of ['a: [\nb,\nc\n]\nd: 1\n', 'a: {\nb: 1\n}\n']) {
    t.match(parse(text).diagnostics[0], { line: 2, message: /indented/ }, `${JSON.stringify(text)} is closed, but not indented`)
  }
})

t.test('a second key points at the first', async t => {
  t.match(parse('a: 1\nb: 1\na: 2\n').diagnostics, [{ message: '`a` is given twice', related: [{ line: 1, column: 1 }] }])
})

t.test('what is left out breaks the list or map that holds it, and nothing else', async t => {
  const { document, broken } = parse('a: [*x, y]\nb: [z]\n')
  const root = document!.root as LocatedMap
  t.ok(broken.has(root))
  t.ok(broken.has(root.entries.get('a')!.value))
  t.notOk(broken.has(root.entries.get('b')!.value))
  t.match(toPlain(root), { a: ['y'], b: ['z'] })
})

t.test('aliases give the very value of their anchor; the last anchor of a name holds', async t => {
  const { document, diagnostics } = parse('a: &x [1]\nb: *x\nc: &x [2]\nd: *x\n')
  t.strictSame(diagnostics, [])
  const { entries } = document!.root as LocatedMap
  t.equal(entries.get('a')!.value, entries.get('b')!.value)
  t.equal(entries.get('c')!.value, entries.get('d')!.value)
})

t.test('security 19: aliases are bounded by what they add, not by their number', async t => {
  const flat = `a: &a https://app.example.com\nb: [${'*a, '.repeat(50_000)}]\n`
  t.strictSame(told(flat), [])
  const bomb = ['a0: &a0 [x, x]', ...Array.from({ length: 40 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]`)].join('\n')
  const found = told(bomb)
  t.equal(found.length, 1)
  t.match(found[0], /^\d+:\d+ too-complex$/)
  t.match(told(`a: &a "${'x'.repeat(100_000)}"\nb: [${'*a, '.repeat(1000)}]\n`), [/too-complex/])
  t.match(told('a: &a [x,x]\n? [*a,*a,*a,*a]\n: 1\n'), [/yaml-key/])
})

t.test('security 19: depth is bounded before anything recursive is built', async t => {
  for (const unit of ['[', '{a: ', '- ', '? ', '- [']) t.match(told(unit.repeat(10_000)), [/too-complex/], unit)
  t.strictSame(told(`${'['.repeat(60)}${']'.repeat(60)}`), [])
})

t.test('20,000 keys in one map, and 20,000 second keys', async t => {
  const keys = Array.from({ length: 20_000 }, (_, i) => `k${i}: 1`).join('\n')
  t.strictSame(told(keys), [])
  t.equal(told('a: 1\n'.repeat(20_000)).length, 100, 'findings are bounded')
})
