import type { OnServer } from '../on-server.ts'
import type { Options } from '../options.ts'
import { type FlatVerdict, rowsOf, type SizeRow, verdictsOf } from './flatness.ts'
import { measureSizes } from './measure.ts'
import { fill } from './subjects.ts'

/** The results that a full run stores. */
export type SizeReport = {
  readonly date: string
  readonly machine: OnServer['machine']
  readonly settings: { pairs: number; seconds: number; events: number }
  /** The time to fill the database, in seconds. */
  readonly fillSeconds: number
  readonly rows: readonly SizeRow[]
  readonly targets: readonly FlatVerdict[]
}

/** Fills the database of a server and measures checks of all sizes in turns. */
export async function runSize(
  { world, server, machine }: OnServer,
  { pairs, seconds, events }: Options,
  say: (text: string) => void,
): Promise<SizeReport> {
  const date = new Date().toISOString()
  const start = performance.now()
  const subjects = await fill(world, { events, until: date, say })
  const fillSeconds = (performance.now() - start) / 1000
  say('check')
  const rows = rowsOf(subjects, await measureSizes(subjects, { world, server, pairs, seconds }))
  const settings = { pairs, seconds, events }
  return { date, machine, settings, fillSeconds, rows, targets: verdictsOf(rows) }
}
