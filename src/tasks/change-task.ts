import type { Instant } from '../kernel/clock.ts'
import type { Task, TaskError, TaskPage } from './types.ts'

/** The most errors of a task that are kept. All are counted. */
const ERRORS_LIMIT = 100

/** Returns a task after more of its items were counted. */
export const counted = (task: Task, { items, next }: TaskPage, now: Instant): Task => {
  const after = { ...task, total: task.total + items.length, reached: next, updatedAt: now }
  return next === null ? { ...after, status: 'IN_PROGRESS' } : after
}

/** Returns a task after more of its items were done, of which some have failed. */
export const progressed = (
  task: Task,
  { reached, items, errors }: { reached: string; items: number; errors: readonly TaskError[] },
  now: Instant,
): Task => ({
  ...task,
  reached,
  done: task.done + items - errors.length,
  failed: task.failed + errors.length,
  errors: [...task.errors, ...errors].slice(0, ERRORS_LIMIT),
  updatedAt: now,
})

/**
 * Returns a task after its last item. Items that were counted and not found again need nothing any
 * more: they are done. So are those of a step that was interrupted.
 */
export function finished(task: Task, now: Instant): Task {
  const done = Math.max(task.done, task.total - task.failed)
  const failed = done === 0 ? 'FAILED' : 'PARTIALLY_FAILED'
  const status = task.failed === 0 ? 'COMPLETED' : failed
  return { ...task, status, done, updatedAt: now, finishedAt: now }
}

/** Returns a task that is given up, or the same object if it has finished. */
export const canceled = (task: Task, now: Instant): Task =>
  task.finishedAt === null ? { ...task, status: 'CANCELED', updatedAt: now, finishedAt: now } : task

/** Returns how much of a task is done, in percent, rounded down. Items can be added meanwhile. */
export function progressOf({ status, total, done, failed }: Task): number {
  if (status !== 'IN_PROGRESS' && status !== 'CANCELED') return status === 'PENDING' ? 0 : 100
  return total === 0 ? 0 : Math.min(Math.floor((100 * (done + failed)) / total), 99)
}
