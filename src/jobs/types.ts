import type { App } from '../app.ts'
import type { Tx } from '../db/index.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Scope } from '../kernel/scope.ts'

/** Work that is due at an instant. Customer, kind and subject identify it. */
export type Work = {
  workKey: Uuid
  scope: Scope
  customerKey: Uuid
  kind: string
  subject: string
  dueAt: Instant
  attempts: number
}

/** Work that goes on at once, after other work that is due. */
export const GOES_ON = 'goes on'

/**
 * Executes work in the transaction that removes it, so that it takes effect once. Returns the
 * instant of the next run, which must be after `now`, or null if the work is finished.
 */
export type WorkHandler = (
  tx: Tx,
  work: Work,
  now: Instant,
  app: App,
) => Promise<Instant | typeof GOES_ON | null>

export type WorkHandlers = Readonly<Record<string, WorkHandler>>
