import type { App } from '../../app.ts'
import { rebuildCounters, turnFiredBack, windowsThen } from '../../budgets/index.ts'
import { lockCustomerByKey, lockVersions } from '../../customers/index.ts'
import { turnEventsBack } from '../../events/index.ts'
import { correctDueTimes } from '../../jobs/index.ts'
import type { Ahead } from '../../kernel/ahead.ts'
import type { Uuid } from '../../kernel/ids.ts'
import {
  forgetWindowsAhead,
  rebuildTotals,
  turnHeadBack,
  turnNamesBack,
  turnRecordsBack,
  turnReservationsBack,
} from '../../metering/rebuild/index.ts'
import { dropPartitionsAhead } from '../../metering/records/index.ts'
import { closedKeptMs } from '../../metering/retention/index.ts'
import { turnPromotionalsBack } from '../../promotional/index.ts'
import { turnSubscriptionsBack } from '../../subscriptions/index.ts'
import { type CustomerAhead, customersAhead, turnRowsBack } from './ahead.ts'

/**
 * Moves everything that lies in the future to the present. `ahead` returns what counts as the
 * future now, because servers keep writing. Customers come first: until a customer is repaired, its
 * events get the time of its last decision. Returns the number of repaired customers.
 */
export async function turnBack(app: App, ahead: () => Promise<Ahead>): Promise<number> {
  let customers = 0
  let after: Uuid | null = null
  do {
    const { beyond } = await ahead()
    const page: Awaited<ReturnType<typeof customersAhead>> = await customersAhead(app.db.read, {
      beyond,
      after,
    })
    for (const customer of page.customers) await turnCustomerBack(app, customer, await ahead())
    customers += page.customers.length
    after = page.next
  } while (after !== null)
  const now = await ahead()
  await app.db.transaction((tx) => turnRowsBack(tx, now, null))
  await app.db.transaction((tx) => turnEventsBack(tx, now))
  await correctDueTimes(app)
  await dropPartitionsAhead(app, now.beyond)
  return customers
}

/**
 * Repairs a customer in one transaction, under the locks of writers and in their order: first the
 * customer, so that its structure does not change, then its version. The new version invalidates
 * all caches of the customer.
 */
function turnCustomerBack(app: App, customer: CustomerAhead, ahead: Ahead): Promise<void> {
  const { customerKey, environmentKey } = customer
  const owner = { scope: { environmentKey }, customerKey }
  return app.db.transaction(async (tx) => {
    await lockCustomerByKey(tx, customerKey)
    await lockVersions(tx, owner.scope, { customerKeys: [customerKey], now: ahead.at })
    await turnRowsBack(tx, ahead, customerKey)
    await turnPromotionalsBack(tx, { app, scope: owner.scope }, { customerKey, ahead })
    await turnSubscriptionsBack(tx, { app, scope: owner.scope }, { customerKey, ahead })
    // Requires that the budgets are repaired, because windows are counted from their creation.
    const windows = await windowsThen(tx, customerKey, ahead)
    await turnFiredBack(tx, customerKey, { ahead, windows })
    await turnRecordsBack(tx, customerKey, { ahead, windows })
    await turnReservationsBack(tx, customerKey, { ahead, windows })
    await turnNamesBack(tx, customerKey, ahead)
    await turnHeadBack(tx, customerKey, { ahead, keptMs: closedKeptMs(app) })
    await forgetWindowsAhead(tx, customerKey, ahead)
    await rebuildTotals(tx, owner)
    await rebuildCounters(tx, owner)
  })
}
