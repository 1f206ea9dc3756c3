import type { Api } from '../../api.ts'
import { CommandError } from '../../command.ts'
import type { StatusLine } from '../../status-line.ts'
import type { DemoData } from '../demo-data.ts'
import { consumeOne } from './consume-one.ts'
import { drawRequests, trafficModelOf } from './draw-requests.ts'
import { sendRequests } from './send-requests.ts'
import { answeredIn, countOne, emptyTally, recentTally } from './tally.ts'
import { changeLine, namesOf, statusText, summaryLines } from './traffic-lines.ts'
import { type Change, watchBudgets } from './watch-budgets.ts'
import { windowOf } from './window-of.ts'

const CONSUMER = { customerId: 'orrery', featureId: 'ai-tokens' }
/** All runs send the same requests in the same order, but with new idempotency keys. */
const SEED = 1

/**
 * Consumes for the users and agents of the demo until the signal aborts, and shows the results.
 * `perSecond` is the rate of requests. Throws a `CommandError` if no request was answered.
 */
export async function runTraffic(
  api: Api,
  data: DemoData,
  { perSecond, until, status }: { perSecond: number; until: AbortSignal; status: StatusLine },
): Promise<void> {
  const startMs = performance.now()
  const totals = emptyTally()
  const recent = recentTally(startMs)
  const reasons = new Map<string, number>()
  const watch = watchBudgets()
  const names = namesOf(data, CONSUMER.customerId)
  const requests = drawRequests(trafficModelOf(data, CONSUMER.customerId), SEED)

  // Lines are printed one after the other, so that "blocked" comes before "free".
  let printed = Promise.resolve()
  const printChange = (change: Change) => {
    printed = printed.then(async () => {
      const window = change.kind === 'blocked' ? await windowOf(api, CONSUMER, change.budget) : null
      status.print(changeLine(change, window, names))
    })
  }
  const send = async () => {
    const sentMs = performance.now()
    const { fate, reason, chains } = await consumeOne(api, CONSUMER, requests.next().value)
    const answeredMs = performance.now()
    countOne(totals, fate, answeredMs - sentMs)
    recent.countOne(fate, answeredMs - sentMs, answeredMs)
    if (reason !== null && countReason(reasons, reason)) status.print(reason)
    watch.observe({ chains, sentMs, answeredMs }).forEach(printChange)
  }
  const show = () =>
    status.show(statusText(totals, recent.sum(performance.now()), watch.blocking()))

  const timer = setInterval(show, status.everyMs)
  await sendRequests(send, perSecond, until)
  clearInterval(timer)
  const seconds = (performance.now() - startMs) / 1000
  await printed
  show()
  status.end()
  summaryLines(totals, { seconds, watch, reasons }, names).forEach(status.print)
  if (answeredIn(totals) === 0) throw new CommandError('no request was answered')
}

/** How many different reasons are counted. */
const REASONS_LIMIT = 20

/** Counts a reason. Returns whether it is new. */
function countReason(reasons: Map<string, number>, reason: string): boolean {
  const count = reasons.get(reason)
  if (count === undefined && reasons.size === REASONS_LIMIT) return false
  reasons.set(reason, (count ?? 0) + 1)
  return count === undefined
}
