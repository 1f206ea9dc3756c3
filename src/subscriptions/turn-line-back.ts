import { type Ahead, turnedBack } from '../kernel/ahead.ts'
import type { Instant } from '../kernel/clock.ts'
import { withCycle } from './billing-period.ts'
import type { Revision } from './revisions.ts'
import type { End, Subscription } from './types.ts'

/**
 * Returns the revisions of a subscription, in their order. Instants in the future that only a wrong
 * clock can have written are corrected. What began in the future begins now and keeps its length.
 * Of the revisions that begin now, the last one remains. Dates that may have been chosen stay,
 * unless what they belong to moves.
 */
export function turnRevisionsBack<T extends Revision>(revisions: readonly T[], ahead: Ahead): T[] {
  const since = revisions.map((each) => turnedBack(each.since, ahead))
  return revisions.flatMap((revision, index) => {
    const next = since[index + 1] ?? null
    const from = since[index] ?? revision.since
    if (next !== null && next <= from) return []
    const subscription = turnSubscriptionBack(revision.subscription, ahead)
    return [{ ...revision, since: from, until: next, subscription }]
  })
}

function turnSubscriptionBack(before: Subscription, ahead: Ahead): Subscription {
  const { at } = ahead
  // What has not started may start in the future.
  const hasStarted = before.pins.length > 0
  const startsAt = hasStarted ? turnedBack(before.startsAt, ahead) : before.startsAt
  const movedMs = before.startsAt - startsAt
  const moved = (instant: Instant) => instant - movedMs
  const movedEnd = <T extends End>(end: T | null): T | null =>
    end === null || movedMs === 0 ? end : { ...end, at: moved(end.at) }
  const after: Subscription = {
    ...before,
    createdAt: turnedBack(before.createdAt, ahead),
    startsAt,
    trial: movedEnd(before.trial),
    paymentUntil: before.paymentUntil === null ? null : moved(before.paymentUntil),
    closedAt: before.closedAt === null ? null : turnedBack(before.closedAt, ahead),
    usageAnchor: hasStarted ? turnedBack(before.usageAnchor, ahead) : before.usageAnchor,
    updates: before.updates.map((update) =>
      update.status === 'DONE' ? { ...update, at: turnedBack(update.at, ahead) } : update,
    ),
  }
  if (before.periodStart === null || before.anchor === null) return after
  if (before.periodStart <= ahead.beyond) return after
  const cycle = {
    billingPeriod: before.billingPeriod,
    anchor: turnedBack(before.anchor, ahead),
  }
  return withCycle(after, cycle, at)
}
