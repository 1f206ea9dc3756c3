import type { Task } from '../../../src/api.gen.ts'
import { formatCount, formatNumber } from '../format.ts'

export const TEXTS = {
  lead: 'What the server does in the background for many customers or subscriptions.',
  empty: 'Nothing was done in the background yet.',
  call: 'POST /api/v1/plans/{id}/publish',
  over: 'It has ended, and never changes again.',
  noFailures: 'Nothing has failed.',
} as const

type TypeWords = {
  title: string
  /** One item, and what it is called after it was done. */
  item: string
  done: string
  /** What its errors name. */
  failure: string
  /** What a cancellation leaves as it is, and what becomes of the rest. */
  stays: string
  rest: string
}

export const TYPE_WORDS: Readonly<Record<Task['type'], TypeWords>> = {
  SUBSCRIPTION_MIGRATION: {
    title: 'Subscriptions move to a new version',
    ...{ item: 'customer', done: 'moved', failure: 'Customer' },
    stays:
      'Customers that were moved stay moved, and so do those that are being moved at this moment.',
    rest: 'The others keep the version that they have. Their subscriptions can be migrated one by one, and the next version that is published for all moves them too.',
  },
  SUBSCRIPTION_IMPORT: {
    title: 'Subscriptions are imported',
    ...{ item: 'row', done: 'imported', failure: 'Subscription' },
    stays:
      'Subscriptions that were imported stay, and so does one that is being imported at this moment.',
    rest: 'The other rows can be imported again. A subscription that is there already is changed, and not created twice.',
  },
}

const itemsText = ({ type }: Task, count: number) => formatCount(count, TYPE_WORDS[type].item)

export const STATUS_WORDS: Readonly<Record<Task['status'], string>> = {
  PENDING: 'counting',
  IN_PROGRESS: 'in progress',
  COMPLETED: 'completed',
  PARTIALLY_FAILED: 'partly failed',
  FAILED: 'failed',
  CANCELED: 'canceled',
}

/** How far a task is, in words. */
export function countsText(task: Task): string {
  const { status, done, failed, total } = task
  if (status === 'PENDING') return `${itemsText(task, total)} counted so far`
  const failures = failed === 0 ? '' : `, ${formatNumber(failed)} failed`
  return `${formatNumber(done)} of ${itemsText(task, total)} done${failures}`
}

/** What a cancellation leaves as it is: counts are stored now and then, so there may be more. */
export function doneText(task: Task): string {
  const word = TYPE_WORDS[task.type].done
  if (task.done === 0) return `None was counted as ${word} yet.`
  return `At least ${itemsText(task, task.done)} ${word}.`
}

/** Of a task that counts more failures than it keeps. Null: all are there. */
export const keptText = ({ failed, errors }: Task): string | null =>
  failed > errors.length
    ? `These are the first ${formatNumber(errors.length)} of ${formatNumber(failed)}.`
    : null
