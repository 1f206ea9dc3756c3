import type { DemoData } from '../demo-data.ts'
import { answeredIn, endedIn, latencyOf, type Tally } from './tally.ts'
import type { Budget, BudgetWatch, Change } from './watch-budgets.ts'
import type { Window } from './window-of.ts'

/** Returns the name and the type of an entity. */
export type Names = (entityId: string) => { name: string; type: string }

/** Returns the names in the demo data. Another entity gets its id as its name. */
export function namesOf(data: DemoData, customerId: string): Names {
  const entities = data.entities.find((each) => each.customerId === customerId)?.entities ?? []
  const names = new Map(
    entities.map(({ id, displayName, entityTypeId }) => [
      id,
      { name: displayName ?? id, type: entityTypeId ?? 'entity' },
    ]),
  )
  return (id) => names.get(id) ?? { name: id, type: 'entity' }
}

/** Returns a line about a budget that blocks, or is free again. */
export function changeLine(change: Change, window: Window, names: Names): string {
  const { budget } = change
  const figures = `${numberText(budget.currentUsage)} of ${numberText(budget.usageLimit)}`
  const budgetText = `${budgetName(budget, names)}: ${figures}`
  if (change.kind === 'free') return `free     ${budgetText}, after ${durationText(change.afterMs)}`
  return `blocked  ${budgetText}${window === null ? '' : `, until ${endText(window)}`}`
}

/** Returns the status: totals, and the rate and latencies of the last seconds. */
export function statusText(
  totals: Tally,
  recent: { tally: Tally; seconds: number },
  blocking: number,
): string {
  const rate = Math.round(endedIn(recent.tally) / recent.seconds)
  return [
    `${numberText(rate)}/s`,
    `granted ${numberText(totals.granted)}`,
    `denied ${numberText(totals.denied)}${shareText(totals)}`,
    ...(totals.failed === 0 ? [] : [`failed ${numberText(totals.failed)}`]),
    `p50 ${millisecondsText(latencyOf(recent.tally, 0.5))}`,
    `p99 ${millisecondsText(latencyOf(recent.tally, 0.99))}`,
    `${numberText(blocking)} block`,
  ].join('  ')
}

/** How many budgets the summary lists. */
const MAX_LISTED = 5

export type TrafficSummary = {
  seconds: number
  watch: Pick<BudgetWatch, 'blocking' | 'denials'>
  /** How often each reason occurred: reasons of failures, and of denials except by budgets. */
  reasons: ReadonlyMap<string, number>
}

/** Returns the lines of the summary at the end. */
export function summaryLines(
  totals: Tally,
  { seconds, watch, reasons }: TrafficSummary,
  names: Names,
): string[] {
  const denials = watch.denials()
  const ended = endedIn(totals)
  const rate = numberText(Math.round(ended / seconds))
  const listed = denials.slice(0, MAX_LISTED)
  return [
    `${numberText(ended)} requests in ${durationText(seconds * 1000)}, ${rate} a second`,
    `${numberText(totals.granted)} granted, ${numberText(totals.denied)} denied${shareText(totals)}, ${numberText(totals.failed)} failed`,
    `p50 ${millisecondsText(latencyOf(totals, 0.5))}, p99 ${millisecondsText(latencyOf(totals, 0.99))}`,
    ...[...reasons].map(([reason, count]) => countLine(count, reason)),
    `budgets that denied: ${numberText(denials.length)}, that block now: ${numberText(watch.blocking())}`,
    ...listed.map(({ budget, count }) => countLine(count, budgetName(budget, names))),
  ]
}

const countLine = (count: number, what: string): string =>
  `${numberText(count).padStart(9)}  ${what}`

function budgetName({ entityId, scopeEntityIds }: Budget, names: Names): string {
  const { name, type } = names(entityId)
  const scope = scopeEntityIds.map((id) => names(id).name).join(', ')
  return `${type} ${name}${scope === '' ? '' : ` for ${scope}`}`
}

const DAY_MS = 86_400_000

/** Returns the end of a window: a time for windows shorter than a day, otherwise a date. */
function endText({ usagePeriodStart, usagePeriodEnd }: NonNullable<Window>): string {
  const isShort = Date.parse(usagePeriodEnd) - Date.parse(usagePeriodStart) < DAY_MS
  return isShort ? `${usagePeriodEnd.slice(11, 19)} UTC` : usagePeriodEnd.slice(0, 10)
}

const numberText = (value: number | null): string =>
  value === null ? 'no limit' : value.toLocaleString('en')

const shareText = (tally: Tally): string =>
  answeredIn(tally) === 0 ? '' : ` (${Math.round((100 * tally.denied) / answeredIn(tally))}%)`

const millisecondsText = (ms: number | null): string =>
  ms === null ? '-' : `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`

function durationText(ms: number): string {
  const seconds = Math.round(ms / 1000)
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}
