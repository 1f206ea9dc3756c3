import type { Tx } from '../db/index.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Call } from '../operation.ts'
import { lockActiveCustomer } from './find-customer.ts'

/** The customer whose structure changes, and when. */
export type StructureChange = { customerKey: Uuid; now: Instant }

/**
 * Runs `work` in a transaction that has locked a customer, as `lockActiveCustomer` does. Returns
 * the result of the work.
 */
export const changeStructure = <T>(
  { app, scope }: Call,
  customerId: string,
  work: (tx: Tx, change: StructureChange) => Promise<T>,
): Promise<T> =>
  app.db.transaction(async (tx) => {
    const customerKey = await lockActiveCustomer(tx, scope, customerId)
    return work(tx, { customerKey, now: app.clock.now() })
  })
