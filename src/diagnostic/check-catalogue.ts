// The codes of the checks over a whole set: conflicts, risks, and what is probably not meant.

/** A part of the catalogue; sorted by code. */
export const checkCatalogue = {
  'acceptance-expired': {
    severity: 'error', title: 'acceptance that has run out',
    why: 'A risk was taken until a date, and that date is past. A running gateway only warns: a date never stops a restart.',
    help: 'remove what is risky, or decide anew and set a later `until`'
  },
  'acceptance-expiring': {
    severity: 'warning', title: 'acceptance that runs out soon',
    why: 'Within 14 days the acceptance ends, and with it the set\'s passing of `check`.',
    help: 'remove what is risky, or decide anew and set a later `until`'
  },
  'acceptance-origin': {
    severity: 'warning', title: 'acceptance for an origin that the rule does not list',
    why: 'The acceptance names an entry that the rule does not have, so that it accepts nothing for it.',
    help: 'write the entry as `allowOrigins` has it, or take it out'
  },
  'all-headers-credentials': {
    severity: 'error', title: 'every request header, with credentials',
    why: 'Pages of the allowed origins can send any header along with a user\'s session, those included that other parts of the system trust.',
    help: 'list the headers that pages need, or accept the risk with a reason'
  },
  'any-host-credentials': {
    severity: 'error', title: 'every host of a scheme, with credentials',
    why: 'Every page of that scheme on the whole web can act and read with the user\'s session.',
    help: 'list the origins, or accept the risk with a reason'
  },
  'any-origin-credentials': {
    severity: 'error', title: '`*` with credentials',
    why: 'Any page could read a user\'s data with the user\'s session. The Fetch standard forbids it, and it cannot be accepted.',
    help: 'list the origins, or set `allowCredentials: false`'
  },
  'any-port-credentials': {
    severity: 'error', title: 'every port of a host, with credentials',
    why: 'Whoever can open a port on that host, without any privilege, can act with the user\'s session.',
    help: 'name the port, or accept the risk with a reason'
  },
  conflict: {
    severity: 'error', title: 'two rules that would tie',
    why: 'One rule decides a request. Where two are equally specific, no order of files or rules says which, so none may be guessed.',
    help: 'put both into one rule, or make one of them more specific'
  },
  'covered-origin': {
    severity: 'warning', title: 'entry covered by another of its rule',
    why: 'The entry allows nothing that another entry of the rule does not allow already; withdrawing it would withdraw nothing.',
    help: 'remove the entry, or the one that covers it'
  },
  'empty-origin-set': {
    severity: 'warning', title: 'origin set without entries',
    why: 'A rule that names the set allows nobody by it, though it reads as if it did.',
    help: 'add an entry, or remove the set'
  },
  'guardrail-broken': {
    severity: 'error', title: 'guardrail that a rule breaks',
    why: 'A guardrail says what no page may ever get, whoever writes the rules. It is decided over every possible request, so that the one shown would be granted.',
    help: 'narrow the rule; or, if the grant is meant, change the guardrail with whoever owns it'
  },
  'insecure-origin': {
    severity: 'error', title: 'origin without TLS, with credentials',
    why: 'Whoever is on the network path can put script into such a page, and act and read with the user\'s session.',
    help: 'write the https origin, or accept the risk with a reason'
  },
  'json-needs-content-type': {
    severity: 'info', title: 'JSON requests will fail',
    why: 'A request with `content-type: application/json` is preflighted, and passes only where `content-type` is listed.',
    help: 'add `content-type` to `allowHeaders`, if pages send JSON'
  },
  'long-max-age': {
    severity: 'info', title: 'max age above what browsers keep',
    why: 'Chromium keeps a preflight for at most 2 hours, whatever the answer says.',
    help: 'write `2h` or less'
  },
  'long-max-age-credentials': {
    severity: 'warning', title: 'long-lived permission, with credentials',
    why: 'A withdrawn permission stays in browsers\' preflight caches until the max age is over.',
    help: 'write `10m` or less, or accept the risk with a reason'
  },
  'loopback-origin': {
    severity: 'warning', title: 'loopback origin, with credentials',
    why: 'Any program on a user\'s machine that serves that port can act with the user\'s session. It belongs in development sets only.',
    help: 'move the entry to the set of the development environment, or accept the risk with a reason'
  },
  'narrower-route': {
    severity: 'info', title: 'route that withholds what a broader one grants',
    why: 'The most specific route decides alone: nothing is merged from the rules of a broader one.',
    help: 'if that is not meant, grant it in the rule of the more specific route as well'
  },
  'null-origin': {
    severity: 'error', title: 'the opaque origin',
    why: 'Sandboxed frames, local files and some redirects of anyone send `Origin: null`: to allow it is to allow every site.',
    help: 'remove `"null"`, or accept the risk with a reason'
  },
  'private-network': {
    severity: 'warning', title: 'private network access',
    why: 'No browser sends this preflight header any more: local networks are behind a permission prompt.',
    help: 'remove `allowPrivateNetwork`'
  },
  'public-suffix-wildcard': {
    severity: 'error', title: 'wildcard directly below a public suffix',
    why: 'Below a public suffix anyone can have a name, so that the pattern also allows strangers\' sites.',
    help: 'write the names that are yours, or accept the risk with a reason'
  },
  'reject-wildcard': {
    severity: 'info', title: 'refusal on a whole subtree',
    why: 'Form posts and navigations, such as the return from a payment or a sign-on, carry a foreign `Origin` and would get 403.',
    help: 'reject on the routes that need it, or see that no such return leads below this route'
  },
  'rule-expired': {
    severity: 'warning', title: 'rule that has ended',
    why: 'The rule denies, since its validity window is over.',
    help: 'remove the rule, or set a later `expires`'
  },
  'rule-expiring': {
    severity: 'warning', title: 'rule that ends soon',
    why: 'Within 14 days the rule ends, and then denies.',
    help: 'renew `expires`, or let it end and accept this warning with a reason'
  },
  'safelisted-header': {
    severity: 'info', title: 'safelisted header listed',
    why: 'Pages may send or read this header without being told so (Fetch standard, 2.2.2).',
    help: 'it can be left out'
  },
  'safelisted-method': {
    severity: 'info', title: 'method that cannot be withheld',
    why: '`GET`, `HEAD` and `POST` need no permission in the CORS protocol, so that they count as allowed although they are not listed.',
    help: 'list them, or say `enforceMethods: true` to deny them'
  },
  'split-prefix': {
    severity: 'warning', title: 'prefix without its apex',
    why: '`/x/*` matches `/x/` and all below it, not `/x`. `/x/` is then read differently by different servers, and denied.',
    help: 'write `/x/**` for both'
  },
  'timing-needs-origin': {
    severity: 'info', title: 'timing for requests that name no origin',
    why: 'Images, scripts and styles send no `Origin` unless they are loaded with `crossorigin`, and then get no `Timing-Allow-Origin`.',
    help: 'load them with `crossorigin`, or allow `*` where anyone may know the timing'
  },
  'unneeded-acceptance': {
    severity: 'info', title: 'acceptance that nothing needs',
    why: 'An acceptance that is left behind would silently accept the risk when it comes back.',
    help: 'remove it'
  },
  'unreachable-rule': {
    severity: 'warning', title: 'rule that never decides',
    why: 'On every host and route of the rule other rules or blocked origins decide every request that it is meant for.',
    help: 'remove the rule, or make it more specific'
  },
  'unused-origin-set': {
    severity: 'warning', title: 'origin set that nobody names',
    why: 'A set that no rule uses looks like a permission, and is none.',
    help: 'remove the set, or name it in a rule'
  },
  'upstream-decides': {
    severity: 'warning', title: 'route left to its upstream',
    why: 'With `passthrough` nothing of this policy set is enforced on the route: whatever the upstream answers reaches the browser.',
    help: 'move the upstream\'s grants into a rule, or accept the risk with a reason'
  }
} as const
