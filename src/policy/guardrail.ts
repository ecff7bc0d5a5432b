// One guardrail of a file to its own kind: for whom and where it holds, and what pages must never get there.
import { spanOfKey, spanOfValue, type LocatedMap } from '../document/located.ts'
import { show } from './findings.ts'
import type { FileContext } from './lower-rule.ts'
import { readMethods, readRequestHeaders } from './names.ts'
import type { GuardedGrants, Guardrail } from './policy.ts'
import { readBoolean, readList, readMap, readText } from './read.ts'
import { readHosts, readMaxAge, readRoutes } from './values.ts'

/** Lowers one guardrail; null where it has no name. Neither the file's hosts nor its defaults narrow it. */
export function lowerGuardrail (file: FileContext, guardrail: LocatedMap): Guardrail | null {
  const { source, findings } = file
  const name = readText(guardrail, 'name')
  if (name === undefined) return null
  const [hosts, routes] = [readList(guardrail, 'hosts'), readList(guardrail, 'routes')]
  return {
    name: name.value,
    span: spanOfValue(source, name),
    description: readText(guardrail, 'description')?.value ?? null,
    hosts: hosts === undefined ? [] : readHosts(source, hosts, findings),
    routes: routes === undefined ? [] : readRoutes(source, routes, findings),
    origins: originsOf(file, guardrail, name.value),
    never: grantsOf(file, readMap(guardrail, 'never'))
  }
}

function originsOf ({ source, origins, findings }: FileContext, guardrail: LocatedMap, name: string): Guardrail['origins'] {
  const [within, outside] = [guardrail.entries.get('originsWithin'), guardrail.entries.get('originsOutside')]
  if (within !== undefined && outside !== undefined) {
    findings.add('wrong-value', spanOfKey(source, outside), `the guardrail ${show(name)} has both \`originsWithin\` and \`originsOutside\``, {
      help: 'keep one of them: a guardrail speaks of the origins of a list, or of all others',
      related: [{ span: spanOfKey(source, within), message: '`originsWithin` stands here' }]
    })
  }
  for (const [are, entry, key] of [['within', within, 'originsWithin'], ['outside', outside, 'originsOutside']] as const) {
    if (entry?.value.kind === 'list') return { are, entries: origins.refuseAny(source, entry.value, key) }
  }
  return null
}

function grantsOf ({ source, findings }: FileContext, never: LocatedMap | undefined): GuardedGrants {
  const [methods, headers, maxAge] = [never && readList(never, 'methods'), never && readList(never, 'headers'), never?.entries.get('maxAgeAbove')]
  return {
    read: never !== undefined && readBoolean(never, 'read') === true,
    credentials: never !== undefined && readBoolean(never, 'credentials') === true,
    methods: methods === undefined ? [] : readMethods(source, methods, findings).names,
    headers: headers === undefined ? [] : readRequestHeaders(source, headers, findings).names,
    maxAgeAbove: maxAge === undefined ? null : readMaxAge(source, maxAge.value, findings, 0)
  }
}
