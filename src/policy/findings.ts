// Collects the findings of one lowering, bounded for each file and code.
import { catalogue, type DiagnosticCode } from '../diagnostic/catalogue.ts'
import { diagnose, type Diagnostic, type DiagnosticExtras } from '../diagnostic/diagnostic.ts'
import type { Span } from '../diagnostic/span.ts'
import { suggest } from '../diagnostic/suggest.ts'

/** Nobody reads more of one kind in one file. */
const maxAlike = 100
/** The search for a near word looks at every known one, so that a file full of mistakes must not ask for it every time. */
const maxSuggestions = 200

/** The findings so far. */
export class Findings {
  readonly diagnostics: Diagnostic[] = []
  /** The number of errors, those included that are not kept. */
  errors = 0
  #suggestions = 0
  readonly #counts = new Map<string, number>()
  /** What has been said of which place: a value that defaults or aliases share is read once for each rule. */
  readonly #said = new Set<string>()

  add (code: DiagnosticCode, span: Span, message: string, extras: DiagnosticExtras = {}): void {
    const place = `${code} ${span.start} ${span.source.name} ${message}`
    if (this.#said.has(place)) {
      if ((extras.severity ?? catalogue[code].severity) === 'error') this.errors++
      return
    }
    const key = `${code} ${span.source.name}`
    const count = (this.#counts.get(key) ?? 0) + 1
    this.#counts.set(key, count)
    if (count <= maxAlike) {
      this.#said.add(place)
      const diagnostic = diagnose(code, span, count < maxAlike ? message : `${message} (more of this kind in this file are not shown)`, extras)
      this.diagnostics.push(diagnostic)
      if (diagnostic.severity === 'error') this.errors++
    } else if ((extras.severity ?? catalogue[code].severity) === 'error') {
      this.errors++
    }
  }

  /** `did you mean` and the nearest known word in some words around it, or nothing. */
  didYouMean (word: string, known: Iterable<string>, around: (near: string) => string = near => near): DiagnosticExtras {
    if (++this.#suggestions > maxSuggestions) return {}
    const near = suggest(word, known)
    return near === null ? {} : { help: `did you mean \`${around(near)}\`?` }
  }
}

/** A text as a message shows it: bounded, and without what may be a password. */
export function show (text: string): string {
  const safe = text.replace(/\/\/[^/@\s]*@/, '//…@')
  return `\`${safe.length <= 80 ? safe : `${safe.slice(0, 80)}…`}\``
}
