// The methods: safelisted, forbidden, normalised (Fetch standard, "Methods").

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** Whether a text is a token (RFC 9110, section 5.6.2), the form of methods and header names. */
export function isToken (text: string): boolean {
  return token.test(text)
}

/** CORS-safelisted methods: a page may send them without asking first. */
export function isSafelistedMethod (method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'POST'
}

/** Forbidden methods: no page can send them, in any case of letters. */
export function isForbiddenMethod (method: string): boolean {
  const upper = method.toUpperCase()
  return upper === 'CONNECT' || upper === 'TRACE' || upper === 'TRACK'
}

/** The method that a browser sends for the one that a page names: six names are upper-cased, all others kept. */
export function normalizeMethod (method: string): string {
  const upper = method.toUpperCase()
  switch (upper) {
    case 'DELETE': case 'GET': case 'HEAD': case 'OPTIONS': case 'POST': case 'PUT': return upper
    default: return method
  }
}
