import { allGone, type Purge } from '../jobs/index.ts'
import { deleteEventsBefore } from './outbox.ts'

const DAY_MS = 86_400_000

/** Deletes expired events. It is scheduled when an environment is created. */
export const outboxPurge: Purge = {
  kind: 'outbox.trim',
  everyMs: DAY_MS,
  async runStep(tx, scope, now, app) {
    const before = now - app.config.eventRetentionDays * DAY_MS
    return [allGone(await deleteEventsBefore(tx, scope, before))]
  },
}
