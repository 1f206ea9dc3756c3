import { aligned } from '../aligned.ts'
import { median, type Spread, spreadOf } from '../statistics.ts'
import type { OperationCall } from '../types.ts'
import type { Subject } from './subjects.ts'

/** The cost of a check: its latency, and the processor time of the server and of the database. */
export type Costs = {
  readonly latencyMs: number
  readonly serverMs: number
  readonly databaseMs: number
}

/** The costs of all calls in one round. */
export type Round = ReadonlyMap<OperationCall, Costs>

/**
 * Medians over the rounds. `growth` is the latency divided by that of the smallest size, per round.
 */
export type SizeRow = Costs & {
  readonly subject: string
  readonly size: number
  readonly growth: Spread
}

/** The maximum latency of a check, relative to the smallest size. */
const MAX_GROWTH = 1.3

export type FlatVerdict = {
  readonly subject: string
  readonly size: number
  readonly growth: number
  readonly met: boolean
}

export const rowsOf = (subjects: readonly Subject[], rounds: readonly Round[]): SizeRow[] =>
  subjects.flatMap(({ name, sizes }) => {
    const smallest = sizes[0]?.call
    return sizes.map(({ size, call }): SizeRow => {
      const all = rounds.map((round) => costsOf(round, call))
      const least = rounds.map((round) => costsOf(round, smallest))
      return {
        subject: name,
        size,
        latencyMs: median(all.map(({ latencyMs }) => latencyMs)),
        serverMs: median(all.map(({ serverMs }) => serverMs)),
        databaseMs: median(all.map(({ databaseMs }) => databaseMs)),
        growth: spreadOf(
          all.map(({ latencyMs }, round) => latencyMs / (least[round]?.latencyMs ?? latencyMs)),
        ),
      }
    })
  })

function costsOf(round: Round, call: OperationCall | undefined): Costs {
  const costs = call === undefined ? undefined : round.get(call)
  if (costs === undefined) throw new Error('a round lacks a size')
  return costs
}

/** Returns whether the latency of each subject stays flat, for all sizes except the smallest. */
export const verdictsOf = (rows: readonly SizeRow[]): FlatVerdict[] =>
  rows
    .filter(({ subject }, at) => rows[at - 1]?.subject === subject)
    .map(({ subject, size, growth }) => ({
      subject,
      size,
      growth: growth.median,
      met: growth.median <= MAX_GROWTH,
    }))

/** Returns the rows as aligned text. */
export function textOf(rows: readonly SizeRow[]): string {
  const verdicts = verdictsOf(rows)
  const lines = aligned([
    ['a check, by', 'size', 'latency ms', 'of smallest', 'server CPU µs', 'database CPU µs', ''],
    ...rows.map(({ subject, size, latencyMs, growth, serverMs, databaseMs }) => [
      subject,
      size.toLocaleString('en'),
      latencyMs.toFixed(2),
      `${growth.median.toFixed(2)} (${growth.min.toFixed(2)}–${growth.max.toFixed(2)})`,
      (serverMs * 1000).toFixed(0),
      (databaseMs * 1000).toFixed(0),
      wordOf(verdicts.find((verdict) => verdict.subject === subject && verdict.size === size)),
    ]),
  ])
  return lines.join('\n')
}

const wordOf = (verdict: FlatVerdict | undefined): string =>
  verdict === undefined ? '' : verdict.met ? 'flat' : `NOT FLAT, more than ${MAX_GROWTH}`
