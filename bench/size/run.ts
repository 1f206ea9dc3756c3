import type { OnServer } from '../on-server.ts'
import type { Options } from '../options.ts'
import { type FlatVerdict, rowsOf, type SizeRow, verdictsOf } from './flatness.ts'
import { measureSizes } from './measure.ts'
import { fill, subjectsOf } from './subjects.ts'

/** What a full run writes. */
export type SizeReport = {
  readonly date: string
  readonly machine: OnServer['machine']
  readonly settings: { pairs: number; seconds: number; events: number }
  /** How long it took to fill the database. */
  readonly fillSeconds: number
  readonly rows: readonly SizeRow[]
  readonly targets: readonly FlatVerdict[]
}

/** Fills the database of a server and asks it, in turns, what a check costs at every size. */
export async function runSize(
  { world, server, machine }: OnServer,
  { pairs, seconds, events }: Options,
  say: (text: string) => void,
): Promise<SizeReport> {
  const date = new Date().toISOString()
  const start = performance.now()
  await fill(world, { events, until: date, say })
  const fillSeconds = (performance.now() - start) / 1000
  say('check')
  const subjects = subjectsOf(events)
  const rows = rowsOf(subjects, await measureSizes(subjects, { world, server, pairs, seconds }))
  const settings = { pairs, seconds, events }
  return { date, machine, settings, fillSeconds, rows, targets: verdictsOf(rows) }
}
