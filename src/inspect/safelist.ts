// Which request headers a page may send without asking: names and values (Fetch standard, "Headers").

/** The bound on one safelisted value, in bytes. */
const maxValueLength = 128
/** The bound on all safelisted values together, in bytes. */
const maxTotalLength = 1024

/** A header as a page sets it. */
export type PageHeader = readonly [name: string, value: string]

/**
 * The lower-case names that a preflight must ask for, sorted, each once: those of headers that aren't safelisted, and
 * all others too where their values are too long together ("CORS-unsafe request-header names").
 */
export function unsafeHeaderNames (headers: readonly PageHeader[]): string[] {
  const unsafe = new Set<string>()
  const safe = new Set<string>()
  let total = 0
  for (const [name, value] of headers) {
    const lower = name.toLowerCase()
    if (isSafelisted(lower, value)) {
      safe.add(lower)
      total += value.length
    } else {
      unsafe.add(lower)
    }
  }
  return [...unsafe, ...total > maxTotalLength ? safe : []].filter((name, i, all) => all.indexOf(name) === i).sort()
}

/** Whether a header (name in lower case) is a CORS-safelisted request-header. */
export function isSafelisted (name: string, value: string): boolean {
  if (value.length > maxValueLength) return false
  switch (name) {
    case 'accept': return !holdsUnsafeByte(value)
    case 'accept-language': case 'content-language': return /^[0-9A-Za-z *,\-.;=]*$/.test(value)
    case 'content-type': return !holdsUnsafeByte(value) && isFormType(value)
    case 'range': return isSimpleRange(value)
    default: return false
  }
}

/** The standard's "CORS-unsafe request-header byte". */
function holdsUnsafeByte (value: string): boolean {
  // Control bytes but the tab, delimiters, and DEL.
  return /[\x00-\x08\x0a-\x1f"():<>?@[\\\]{}\x7f]/.test(value)
}

/** Whether a value is one of the three types that an HTML form can send, parameters aside (MIME Sniffing standard, section 4.4). */
function isFormType (value: string): boolean {
  const [essence = ''] = value.split(';')
  const type = essence.replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, '').toLowerCase()
  return type === 'application/x-www-form-urlencoded' || type === 'multipart/form-data' || type === 'text/plain'
}

/** A single range with a start, without white space ("simple range header value"). */
function isSimpleRange (value: string): boolean {
  const [, start, end] = /^bytes=([0-9]+)-([0-9]*)$/i.exec(value) ?? []
  return start !== undefined && (end === '' || Number(start) <= Number(end))
}
