import { aligned } from '../aligned.ts'
import { median, type Spread, spreadOf } from '../statistics.ts'
import type { OperationCall } from '../types.ts'
import type { Subject } from './subjects.ts'

/** What one check costs: as its caller waits, and processor time of the server and the database. */
export type Costs = {
  readonly latencyMs: number
  readonly serverMs: number
  readonly databaseMs: number
}

/** What every call cost in one round. */
export type Round = ReadonlyMap<OperationCall, Costs>

/** Medians over the rounds. `growth`: the latency by that of the smallest size, per round. */
export type SizeRow = Costs & {
  readonly subject: string
  readonly size: number
  readonly growth: Spread
}

/** A check of the largest may cost so many times what it costs of the smallest. */
const MOST_GROWTH = 1.3

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

/** Whether each subject stays flat: that of every size but the smallest. */
export const verdictsOf = (rows: readonly SizeRow[]): FlatVerdict[] =>
  rows
    .filter(({ subject }, at) => rows[at - 1]?.subject === subject)
    .map(({ subject, size, growth }) => ({
      subject,
      size,
      growth: growth.median,
      met: growth.median <= MOST_GROWTH,
    }))

/** The rows as aligned text. */
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
  verdict === undefined ? '' : verdict.met ? 'flat' : `NOT FLAT, more than ${MOST_GROWTH}`
