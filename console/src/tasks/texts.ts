import type { Task } from '../../../src/api.gen.ts'
import { formatCount, formatNumber } from '../format.ts'

export const TEXTS = {
  lead: 'What the server does in the background for many customers, one after the other.',
  empty: 'Nothing was done in the background yet.',
  call: 'POST /api/v1/plans/{id}/publish',
  over: 'It has ended, and never changes again.',
  noFailures: 'Nothing has failed.',
  stays:
    'Customers that were moved stay moved, and so do those that are being moved at this moment.',
  rest: 'The others keep the version that they have. Their subscriptions can be migrated one by one, and the next version that is published for all moves them too.',
} as const

export const TYPE_WORDS: Readonly<Record<Task['type'], string>> = {
  SUBSCRIPTION_MIGRATION: 'Subscriptions move to a new version',
}

export const STATUS_WORDS: Readonly<Record<Task['status'], string>> = {
  PENDING: 'counting',
  IN_PROGRESS: 'in progress',
  COMPLETED: 'completed',
  PARTIALLY_FAILED: 'partly failed',
  FAILED: 'failed',
  CANCELED: 'canceled',
}

/** How far a task is, in words. */
export function countsText({ status, done, failed, total }: Task): string {
  if (status === 'PENDING') return `${formatCount(total, 'customer')} counted so far`
  const failures = failed === 0 ? '' : `, ${formatNumber(failed)} failed`
  return `${formatNumber(done)} of ${formatCount(total, 'customer')} done${failures}`
}

/** What a cancellation leaves as it is: counts are stored now and then, so there may be more. */
export const movedText = ({ done }: Task): string =>
  done === 0 ? 'None was counted as moved yet.' : `At least ${formatCount(done, 'customer')} moved.`

/** Of a task that counts more failures than it keeps. Null: all are there. */
export const keptText = ({ failed, errors }: Task): string | null =>
  failed > errors.length
    ? `These are the first ${formatNumber(errors.length)} of ${formatNumber(failed)}.`
    : null
