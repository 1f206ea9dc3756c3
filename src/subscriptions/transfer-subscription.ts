import type { Instant } from '../kernel/clock.ts'
import { badInput, duplicated } from '../kernel/errors.ts'
import { inBody, inPath } from '../kernel/field.ts'
import type { Uuid } from '../kernel/ids.ts'
import { inTurn, isOver, put, subscriptionOf, unchanged } from './change-line.ts'
import type { Line, LineChange } from './types.ts'

/** The line that a subscription leaves, without it, and the line that it enters. */
export type Transfer = { left: LineChange; entered: Line }

/**
 * Moves a subscription to a line of the same product. A subscription that was to start at the end
 * of a trial that moves stays, and keeps its start. 400 `InvalidSubscriptionStatus` if the
 * subscription has ended; 409 if the other line has one that has not ended.
 */
export function transferSubscription(
  lines: { from: Line; to: Line },
  key: Uuid,
  { at, resourceId }: { at: Instant; resourceId: string },
): Transfer {
  const { from, to } = lines
  const moved = subscriptionOf(from, key)
  refuseEnded(moved)
  const there = to.subscriptions.find((each) => !isOver(each))
  if (there !== undefined)
    throw duplicated(
      inBody('destinationResourceId'),
      `the resource ${resourceId} has the subscription ${there.id} to the product`,
    )
  const subscriptions = from.subscriptions.filter((each) => each.key !== key)
  const followers = subscriptions.filter(({ followsTrial }) => followsTrial === key)
  const left = inTurn(
    unchanged({ ...from, subscriptions }),
    ...followers.map(
      (follower) => (line: Line) =>
        put(line, { ...follower, followsTrial: null }, { at, kind: 'UPDATED' }),
    ),
  )
  return { left, entered: { ...to, subscriptions: [...to.subscriptions, moved] } }
}

/** 400 `InvalidSubscriptionStatus`. */
export function refuseEnded(subscription: Line['subscriptions'][number]): void {
  if (isOver(subscription))
    throw badInput(
      inPath('id'),
      `the subscription ${subscription.id} has ended`,
      'InvalidSubscriptionStatus',
    )
}
