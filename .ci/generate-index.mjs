// Writes the index of the pages about diagnostics from the catalogue, as `npm run build` has left it.
import { writeFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'

/** The page that lists every code of a catalogue. */
export function renderIndex (catalogue) {
  const codes = Object.keys(catalogue).sort()
  const rows = codes.map(code => `| [\`${code}\`](${code}.md) | ${catalogue[code].severity} | ${catalogue[code].title.replaceAll('|', '\\|')} |`)
  return `# Diagnostics

Every code that \`check\` and the other commands report, ${codes.length} of them. An error makes a whole set invalid; a warning or a piece of
information does not. A finding that knows more than its code may be more or less severe than it says here.

| Code | Severity | Found |
| --- | --- | --- |
${rows.join('\n')}

This page is written by \`npm run generate\`.
`
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { catalogue } = await import('../dist/diagnostic/catalogue.js')
  await writeFile(new URL('../docs/diagnostics/README.md', import.meta.url), renderIndex(catalogue))
}
