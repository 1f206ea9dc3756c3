import type { Instant } from '../kernel/clock.ts'
import { notFound } from '../kernel/errors.ts'
import { inPath } from '../kernel/field.ts'
import type { Uuid } from '../kernel/ids.ts'
import { cancelUpdates, put, subscriptionOf } from './change-line.ts'
import type { FutureUpdate, Line, LineChange } from './types.ts'

/**
 * Cancels what is scheduled for a subscription, its cancellation included, or the updates that wait
 * for a payment. 404 `FutureUpdateNotFound` if there is nothing of the kind.
 */
export function cancelFutureUpdates(
  line: Line,
  key: Uuid,
  { kind, at }: { kind: 'SCHEDULED' | 'PENDING_PAYMENT'; at: Instant },
): LineChange {
  const before = subscriptionOf(line, key)
  const isMeant = ({ status }: FutureUpdate) => status === kind
  const isCanceled =
    kind === 'SCHEDULED' && before.closedAt === null && before.cancellation !== null
  if (!isCanceled && !before.updates.some(isMeant))
    throw notFound(
      inPath('id'),
      'FutureUpdateNotFound',
      `the subscription ${before.id} has nothing that ${TEXTS[kind]}`,
    )
  const cancellation = isCanceled ? null : before.cancellation
  const after = { ...before, cancellation, updates: cancelUpdates(before.updates, isMeant) }
  return put(line, after, { at, kind: 'UPDATED' })
}

const TEXTS = { SCHEDULED: 'is scheduled', PENDING_PAYMENT: 'waits for a payment' } as const
