import type { Sql, Tx } from '../db/index.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Call } from '../operation.ts'
import { customerNamed } from './customer-store.ts'
import { lockActiveCustomer } from './find-customer.ts'

/** The customer whose structure changes, and when. */
export type StructureChange = { customerKey: Uuid; now: Instant }

/**
 * Runs `work` in a transaction that has locked a customer, as `lockActiveCustomer` does. Returns
 * the result of the work.
 */
export const changeStructure = <T>(
  call: Call,
  customerId: string,
  work: (tx: Tx, change: StructureChange) => Promise<T>,
): Promise<T> => changeFound(call, customerId, { find: async () => null, work })

/**
 * Like `changeStructure`, but first finds what is to be changed. `find` gets an expression for the
 * key of the customer, which is null if there is none. Its first statement is sent together with
 * that of the lock, but begins once the lock is held, so it sees the latest rows.
 */
export const changeFound = <Found, T>(
  { app, scope }: Call,
  customerId: string,
  {
    find,
    work,
  }: {
    find: (tx: Tx, customerKey: Sql) => Promise<Found>
    work: (tx: Tx, change: StructureChange & { found: Found }) => Promise<T>
  },
): Promise<T> =>
  app.db.transaction(async (tx) => {
    const [customerKey, found] = await Promise.all([
      lockActiveCustomer(tx, scope, customerId),
      find(tx, customerNamed(scope, customerId)),
    ])
    return work(tx, { customerKey, now: app.clock.now(), found })
  })
