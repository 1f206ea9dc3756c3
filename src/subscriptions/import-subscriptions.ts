import { requireBillingIntegration } from '../customers/index.ts'
import { badInput } from '../kernel/errors.ts'
import { inBody } from '../kernel/field.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Call } from '../operation.ts'
import { startTaskAlone } from '../tasks/index.ts'
import type { ImportRow } from './import-row.ts'

/** A request to import subscriptions. */
export type ImportRequest = { rows: readonly ImportRow[]; integrationId: string | null }

/**
 * Starts a task that imports subscriptions, and returns its id. 400 `ImportAlreadyInProgress` while
 * another import of the environment is open; 404 as `requireBillingIntegration`.
 */
export const importSubscriptions = (
  call: Call,
  { rows, integrationId }: ImportRequest,
): Promise<Uuid> =>
  call.app.db.transaction(async (tx) => {
    const { app, scope } = call
    if (integrationId !== null) await requireBillingIntegration(tx, scope, integrationId)
    const subject = scope.environmentKey
    const at = { ...call, now: app.clock.now() }
    const task = { type: 'SUBSCRIPTION_IMPORT', subject, input: { rows } } as const
    const key = await startTaskAlone(tx, at, task)
    if (key === null)
      throw badInput(
        inBody(),
        'another import of subscriptions is in progress; wait for the end of its task, or cancel it',
        'ImportAlreadyInProgress',
      )
    return key
  })
