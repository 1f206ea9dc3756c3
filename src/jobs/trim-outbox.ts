import type { App } from '../app.ts'
import type { Tx } from '../db/index.ts'
import type { Scope } from '../kernel/scope.ts'
import { schedule } from './due-work.ts'
import { forgetBefore } from './outbox.ts'
import type { WorkHandler } from './types.ts'

export const TRIM_OUTBOX = 'outbox.trim'

const DAY_MS = 86_400_000

/** Every environment's outbox is trimmed once a day of its clock. Called when one is made. */
export const scheduleTrimming = (tx: Tx, app: App, scope: Scope) =>
  schedule(tx, app, {
    scope,
    customerKey: null,
    kind: TRIM_OUTBOX,
    subject: '',
    dueAt: app.clock.now() + DAY_MS,
  })

export const trimOutbox: WorkHandler = async (tx, work, now, app) => {
  await forgetBefore(tx, work.scope, now - app.config.eventRetentionDays * DAY_MS)
  return now + DAY_MS
}
