// Keys and aliases that YAML allows and a policy file does not, in words that say what to do.
import type { DiagnosticCode } from '../diagnostic/catalogue.ts'

/** What is wrong, without its place. */
export interface Fault {
  readonly code: DiagnosticCode
  readonly message: string
  readonly help?: string
  /** The text that certainly belongs there instead. */
  readonly fix?: string
}

/** `*name : value`. */
export const aliasAsKey: Fault = { code: 'yaml-key', message: 'an alias cannot be a key', help: 'put a text that begins with `*` in quotes' }
/** `? [a, b]`. */
export const collectionAsKey: Fault = { code: 'yaml-key', message: 'a list or map cannot be a key' }

const prototypeKeys = new Set(['__proto__', 'constructor', 'prototype'])

/** What is wrong with a scalar as a key, or null. `file` is what messages call the file. */
export function findKeyFault (name: string | number | boolean | null, file: string): Fault | null {
  if (name === null) return { code: 'yaml-key', message: 'a key is missing here', help: 'write the key in front of the colon' }
  if (typeof name !== 'string') return { code: 'yaml-key', message: `the key \`${name}\` is no text`, help: 'put it in quotes if a name is meant' }
  if (name === '<<') return { code: 'yaml-merge-key', message: `${file} has no merge keys` }
  return prototypeKeys.has(name) ? { code: 'yaml-key', message: `the key \`${name}\` is not allowed in ${file}` } : null
}

/** Keys whose values are lists of texts, whichever schema has them. */
const listKeys = /^(?:hosts|routes|methods|headers|origins\w*|\w+(?:Origins|Methods|Headers))$/

/** Whether what begins at a place of a text is the whole value of a key that takes a list. */
export function isForList (text: string, start: number): boolean {
  const [, key = ''] = /(?:^|[\s,{])(\w+):[ \t]+$/.exec(text.slice(Math.max(0, start - 80), start)) ?? []
  return listKeys.test(key)
}

/**
 * What is wrong with an alias that stands for nothing. `isOpen` says that its anchor is not complete yet, `isForList` that
 * a list belongs there.
 */
export function explainAlias (name: string, isOpen: boolean, isForList: boolean): Fault {
  const text = `*${shorten(name)}`
  const inPlace = (quoted: string): string => isForList ? `[${quoted}]` : quoted
  if (isOpen) return { code: 'yaml-alias', message: `the alias \`${text}\` stands inside the value that it stands for`, help: 'take the alias out' }
  return name.startsWith('.')
    ? {
        code: 'yaml-alias',
        message: 'an unquoted `*` begins a YAML alias, not a wildcard',
        help: `put it in quotes: \`${inPlace(`"${text}"`)}\`; an origin needs its scheme as well: \`${inPlace(`"https://${text}"`)}\``,
        fix: inPlace(JSON.stringify(`*${name}`))
      }
    : {
        code: 'yaml-alias',
        message: `there is no anchor \`&${shorten(name)}\` above this alias`,
        help: `put the text in quotes if it is none: \`"${text}"\``
      }
}

/** A text as a message shows it. */
export function shorten (text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 60)}…`
}
