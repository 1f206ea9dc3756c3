import type { App } from '../app.ts'
import type { Tx } from '../db/index.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Scope } from '../kernel/scope.ts'

/** A piece of work that waits for its instant. (customer, kind, subject) names it. */
export type Work = {
  workKey: Uuid
  scope: Scope
  customerKey: Uuid
  kind: string
  subject: string
  dueAt: Instant
  attempts: number
}

/**
 * Does one piece of work inside the transaction that removes it, so that it takes effect once.
 * Answers the instant of the next run, or null when the work is finished. It must be after `now`.
 */
export type WorkHandler = (tx: Tx, work: Work, now: Instant, app: App) => Promise<Instant | null>

export type WorkHandlers = Readonly<Record<string, WorkHandler>>
