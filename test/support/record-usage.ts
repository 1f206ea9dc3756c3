import { changeCounters } from '../../src/budgets/counter-store.ts'
import { attributionOf } from '../../src/budgets/postings.ts'
import { resolve } from '../../src/budgets/resolve-store.ts'
import { lockVersions } from '../../src/customers/index.ts'
import type { Database, Tx } from '../../src/db/index.ts'
import type { Instant } from '../../src/kernel/clock.ts'
import type { Ids, Uuid } from '../../src/kernel/ids.ts'
import { wholeUnits } from '../../src/kernel/quantity.ts'
import type { Scope } from '../../src/kernel/scope.ts'
import { NO_RESOURCE } from '../../src/metering/index.ts'
import { addRecords } from '../../src/metering/records/index.ts'

/** A record of a test: whole units of one feature. */
export type TestRecord = {
  featureKey: Uuid
  amount: number
  dimensions: readonly (readonly [string, string])[]
  occurredAt: Instant
}

type Place = { db: Database; ids: Ids; scope: Scope; customerKey: Uuid; now: Instant }

/** Records usage and its postings to budgets in one transaction, as the engine does. */
export const recordUsage = (place: Place, record: TestRecord): Promise<void> =>
  place.db.transaction((tx) => recordIn(tx, place, record))

async function recordIn(tx: Tx, place: Place, record: TestRecord): Promise<void> {
  const { ids, scope, customerKey, now } = place
  const { featureKey, dimensions, occurredAt } = record
  await lockVersions(tx, scope, { customerKeys: [customerKey], now })
  const { resolutions } = await resolve(tx, [{ scope, customerKey, dimensions }], {
    capabilityKeys: [featureKey],
    at: now,
  })
  const measured = [{ featureKey, amount: wholeUnits(record.amount), mark: null }]
  const attributions = resolutions.map((each) => attributionOf(each, { measured, occurredAt }))
  await addRecords(
    tx,
    scope,
    attributions.map((attribution) => ({
      customerKey,
      eventKey: ids.next(now),
      occurredAt,
      acceptedAt: now,
      kind: 'REPORT',
      eventName: null,
      value: wholeUnits(record.amount),
      resourceKey: NO_RESOURCE,
      dimensions: null,
      measured,
      attribution,
    })),
  )
  const postings = attributions.flatMap((attribution) => attribution?.postings ?? [])
  const changes = postings.map(({ delta: usage, ...counter }) => ({
    ...counter,
    customerKey,
    usage,
    held: 0n,
    setAt: null,
  }))
  await changeCounters(tx, scope, changes)
}
