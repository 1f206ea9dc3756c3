import type { Api } from '../../api.ts'
import { CommandError } from '../../command.ts'
import type { StatusLine } from '../../status-line.ts'
import type { DemoData } from '../demo-data.ts'
import { consumeOne } from './consume-one.ts'
import { castOf, drawRequests } from './draw-requests.ts'
import { sendRequests } from './send-requests.ts'
import { answeredIn, countOne, emptyTally, recentTally } from './tally.ts'
import { changeLine, namesOf, statusText, summaryLines } from './traffic-lines.ts'
import { type Change, watchBudgets } from './watch-budgets.ts'
import { windowOf } from './window-of.ts'

const CONSUMER = { customerId: 'orrery', featureId: 'ai-tokens' }
/** Every run sends the same requests in the same order, each under a key of its own. */
const SEED = 1

/**
 * Lets the people and agents of the demo consume at a rate of requests per second until the signal,
 * and shows what happens. A `CommandError` when nothing was answered at all.
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
  const requests = drawRequests(castOf(data, CONSUMER.customerId), SEED)

  // One after the other: a budget is not free again before it was said to block.
  let announced = Promise.resolve()
  const announce = (change: Change) => {
    announced = announced.then(async () => {
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
    watch.observe({ chains, sentMs, answeredMs }).forEach(announce)
  }
  const show = () =>
    status.show(statusText(totals, recent.sum(performance.now()), watch.blocking()))

  const showing = setInterval(show, status.everyMs)
  await sendRequests(send, perSecond, until)
  clearInterval(showing)
  const seconds = (performance.now() - startMs) / 1000
  await announced
  show()
  status.end()
  summaryLines(totals, { seconds, watch, reasons }, names).forEach(status.print)
  if (answeredIn(totals) === 0) throw new CommandError('no request was answered')
}

/** So many reasons are told apart. */
const REASONS_LIMIT = 20

/** Whether the reason is a new one. */
function countReason(reasons: Map<string, number>, reason: string): boolean {
  const count = reasons.get(reason)
  if (count === undefined && reasons.size === REASONS_LIMIT) return false
  reasons.set(reason, (count ?? 0) + 1)
  return count === undefined
}
