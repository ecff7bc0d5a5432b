// `fleet history`: what was published before, as far as the store remembers it.
import { build } from '../../build.ts'
import type { Store } from '../../source/nats/client.ts'
import type { Trust } from '../../source/signature.ts'
import { Exit, Refused, type Io } from '../command.ts'
import { readPublished, type Published } from './published.ts'
import { publishedReport } from './status.ts'
import { tableOf } from './table.ts'

/** Shows what was published, the latest first. */
export async function showHistory (store: Store, format: 'pretty' | 'json', io: Io): Promise<number> {
  const history = (await store.history()).map(stored => readPublished(stored)).reverse()
  if (format === 'json') {
    io.stdout(`${JSON.stringify(history.map(reportOf), null, 2)}\n`)
  } else if (history.length === 0) io.stdout('nothing is published\n')
  else io.stdout(tableOf(['', 'generation', 'revision', 'published', 'rules', 'signed', 'note'], history.map(rowOf)))
  return Exit.ok
}

/**
 * The set to go back to: of a generation, or else the last one that is another than the one that is published. With trust
 * given, it has to be signed by one of its keys, for the bucket: whoever signs it anew would else sign what somebody put into the store.
 */
export async function earlierSet (store: Store, generation: number | null, trust: Trust | null): Promise<Published> {
  const [head, ...earlier] = (await store.history()).map(stored => ({ stored, published: readPublished(stored) })).reverse()
  if (head === undefined) throw new Refused('nothing is published, so there is nothing to go back to')
  if (generation !== null && head.published.stamp?.generation === generation) throw new Refused(`generation ${generation} is what is published now`)
  const isWanted = ({ stamp, revision, fault }: Published): boolean =>
    fault === null && (generation === null ? revision !== head.published.revision : stamp!.generation === generation)
  const found = earlier.find(({ published }) => isWanted(published))
  if (found === undefined) throw new Refused(missing(generation, earlier.map(({ published }) => published)))
  const fault = trust === null ? null : readPublished(found.stored, trust).fault
  if (fault === null) return found.published
  throw new Refused(`generation ${found.published.stamp!.generation} is not signed for this bucket by the key of --sign-key, and anybody may have put it there: publish it from your repository`)
}

function missing (generation: number | null, earlier: readonly Published[]): string {
  const known = earlier.flatMap(({ stamp }) => stamp === null ? [] : [stamp.generation]).join(', ')
  const what = generation === null ? 'no other set' : `no generation ${generation}`
  return `the store remembers ${what}${known === '' ? '' : `; there are ${known}`}: publish it from your repository`
}

function reportOf (published: Published, i: number): object {
  return { current: i === 0, ...publishedReport(published), ...published.fault === null && { rules: rulesIn(published) } }
}

function rowOf (published: Published, i: number): string[] {
  const { stamp, revision, isSigned, fault } = published
  const current = i === 0 ? '*' : ''
  if (stamp === null) return [current, '-', '-', '-', '-', '-', `can't be read: ${fault!}`]
  return [current, String(stamp.generation), revision!, stamp.publishedAt, String(rulesIn(published)), isSigned ? 'yes' : 'no', fault ?? '']
}

function rulesIn ({ texts }: Published): number {
  return build(texts, { allowEmpty: true }).rules
}
