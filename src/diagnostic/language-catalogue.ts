// The codes of the language: what stands in the way of reading one file, or of understanding one rule.

/** A part of the catalogue; sorted by code. */
export const languageCatalogue = {
  'any-origin-alone': {
    severity: 'error', title: '`*` beside other entries',
    why: '`*` is answered with a literal `*` whoever asks: another entry, an exception or a block could never take effect.',
    help: 'let `*` stand alone in its rule, without `exceptOrigins`'
  },
  'control-character': {
    severity: 'error', title: 'invisible control character',
    why: 'Control characters are invisible to a reviewer, and YAML forbids most of them.',
    help: 'remove the character'
  },
  'duplicate-entry': {
    severity: 'warning', title: 'entry listed twice',
    why: 'An entry that stands twice in a list does nothing, and is easily withdrawn in one place only.',
    help: 'remove one of the two'
  },
  'duplicate-key': {
    severity: 'error', title: 'key given twice',
    why: 'Readers of YAML disagree on which of two values holds: a reviewer and a gateway could see different policies.',
    help: 'keep one of the two'
  },
  'duplicate-name': {
    severity: 'error', title: 'name used twice',
    why: 'Names of rules and origin sets are unique in the whole set, since logs, metrics and `$name` refer to them.',
    help: 'rename one of the two'
  },
  'empty-file': {
    severity: 'error', title: 'empty file',
    why: 'An empty policy file is more often a failed write than a decision.',
    help: 'start with `version: 1`, or delete the file'
  },
  'empty-policy': {
    severity: 'error', title: 'a set without any rule',
    why: 'A directory that is suddenly empty is a fault of a deployment far more often than a wish to deny everything.',
    help: 'add a rule, or say `allowEmpty`'
  },
  'empty-window': {
    severity: 'error', title: 'window that never opens',
    why: 'A rule holds from `notBefore` until `expires`; one that ends before it starts holds never.',
    help: 'let `expires` lie after `notBefore`'
  },
  'expose-all-credentials': {
    severity: 'error', title: '`exposeHeaders: ["*"]` with credentials',
    why: 'For a request with credentials a browser takes `*` as the name of a header, so that nothing is exposed (Fetch standard, 3.2.5).',
    help: 'list the headers that pages may read'
  },
  'file-too-large': {
    severity: 'error', title: 'file too large',
    why: 'Policy files are bounded, so that a wrong file in the directory cannot exhaust the gateway.',
    help: 'split the file; rules and sets may stand in any file of the directory'
  },
  'forbidden-header': {
    severity: 'error', title: 'header that CORS cannot grant',
    why: 'Browsers set these headers themselves, or never show them to a page; and CORS\'s own headers belong to the gateway.',
    help: 'remove the name'
  },
  'forbidden-method': {
    severity: 'error', title: 'method that no page can send',
    why: 'Browsers refuse to send `CONNECT`, `TRACE` and `TRACK` for any page (Fetch standard, 2.2.1).',
    help: 'remove the method'
  },
  'invalid-host': {
    severity: 'error', title: 'not a host',
    why: '`hosts` are compared with the host of the request: lower case, without port; exact or `*.suffix`.',
    help: 'write a host such as `api.example.com` or `*.example.com`'
  },
  'invalid-origin': {
    severity: 'error', title: 'not an origin',
    why: 'Entries are compared with the `Origin` header byte for byte, so one in another form than browsers send would never match.',
    help: 'write the origin as a browser sends it: scheme, host and, unless it is the default, port'
  },
  'invalid-route': {
    severity: 'error', title: 'not a route',
    why: 'Routes are written in Fastify\'s syntax, restricted to whole segments, so that their meaning can be compared exactly.',
    help: 'write a route such as `/cart`, `/cart/:id`, `/cart/*` or `/cart/**`'
  },
  'invalid-token': {
    severity: 'error', title: 'not a method or header name',
    why: 'Methods and header names are tokens (RFC 9110, 5.6.2); a browser never sends anything else.',
    help: 'write one name an entry, without spaces'
  },
  'method-case': {
    severity: 'error', title: 'method in lower case',
    why: 'Methods are case-sensitive, and browsers send `patch` as it is written: it is another method than `PATCH`.',
    help: 'write standard methods in upper case'
  },
  'missing-key': {
    severity: 'error', title: 'required key missing',
    why: 'What a rule is called, where it holds and whom it allows is never guessed.',
    help: 'add the key'
  },
  'not-utf8': {
    severity: 'error', title: 'not UTF-8',
    why: 'Bytes that are no UTF-8 would be read differently by different tools.',
    help: 'save the file as UTF-8'
  },
  'passthrough-grant': {
    severity: 'error', title: 'grant in a passthrough rule',
    why: 'With `passthrough: true` the upstream alone decides the route\'s CORS: nothing that the rule grants could take effect.',
    help: 'remove the key, or `passthrough`'
  },
  'set-cycle': {
    severity: 'error', title: 'sets that include each other',
    why: 'An origin set that includes itself has no well-defined content.',
    help: 'take one of the references out'
  },
  'too-complex': {
    severity: 'error', title: 'expands beyond all bounds',
    why: 'Aliases, nesting and sets can make a small file stand for more than any memory holds; what a file may stand for is bounded.',
    help: 'use origin sets instead of aliases, and fewer levels'
  },
  'unknown-key': {
    severity: 'error', title: 'unknown key',
    why: 'A misspelt key that is silently ignored leaves the default in force.',
    help: 'remove the key, or correct its spelling'
  },
  'unknown-set': {
    severity: 'error', title: 'unknown origin set',
    why: 'A reference to a set that nobody defines would allow less than it says.',
    help: 'define the set under `originSets`, in any file of the policy set'
  },
  'wrong-type': {
    severity: 'error', title: 'value of another kind',
    why: 'Nothing is converted: a text that merely looks like `true` is no `true`.',
    help: 'write a value of the kind that the key takes'
  },
  'wrong-value': {
    severity: 'error', title: 'value out of range',
    why: 'The key takes certain values only.',
    help: 'write one of the values that the key takes'
  },
  'yaml-alias': {
    severity: 'error', title: 'alias without an anchor',
    why: 'An unquoted `*` begins a YAML alias. `*.example.com` without quotes is no text, but a reference to something that does not exist.',
    help: 'put the text in quotes'
  },
  'yaml-directive': {
    severity: 'error', title: 'YAML directive',
    why: '`%YAML 1.1` changes what `no`, `on` and `010` mean; a file must mean the same to every reader.',
    help: 'remove the line'
  },
  'yaml-documents': {
    severity: 'error', title: 'more than one document',
    why: 'Many tools read the first document of a file only, and would show another policy than the one in force.',
    help: 'put each document in a file of its own'
  },
  'yaml-indentation': {
    severity: 'error', title: 'tab or odd space as indentation',
    why: 'YAML is indented with spaces; tabs and no-break spaces look like them and are not.',
    help: 'indent with spaces'
  },
  'yaml-key': {
    severity: 'error', title: 'key that is no plain text',
    why: 'Keys are names. Numbers, lists and names such as `__proto__` mean other things to other readers.',
    help: 'remove the key'
  },
  'yaml-merge-key': {
    severity: 'error', title: 'merge key',
    why: '`<<` is no part of YAML 1.2, and readers disagree on what it overrides.',
    help: 'use `defaults`, or write the keys out'
  },
  'yaml-syntax': {
    severity: 'error', title: 'not YAML',
    why: 'The file cannot be read as YAML 1.2.',
    help: 'correct the syntax'
  },
  'yaml-tag': {
    severity: 'error', title: 'explicit tag',
    why: 'Tags ask a reader to construct something other than text, numbers, lists and maps.',
    help: 'remove the tag'
  }
} as const
