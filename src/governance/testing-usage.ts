import { type Database, sql, type Tx } from '../db/index.ts'
import { type Instant, instantToWire } from '../kernel/clock.ts'
import type { Ids, Uuid } from '../kernel/ids.ts'
import { quantityToSql, wholeUnits } from '../kernel/quantity.ts'
import type { Scope } from '../kernel/scope.ts'
import { NO_RESOURCE } from '../metering/index.ts'
import { postingsOf } from './count.ts'
import { post } from './counter-store.ts'
import { resolve } from './resolve-store.ts'

/** What a test records: whole units of one capability. */
export type TestRecord = {
  capabilityKey: Uuid
  amount: number
  dimensions: readonly (readonly [string, string])[]
  occurredAt: Instant
}

type Place = { db: Database; ids: Ids; scope: Scope; customerKey: Uuid; now: Instant }

/** Records usage as counting does it, one record by one, with the postings on the records. */
export async function recordUsage(place: Place, records: readonly TestRecord[]): Promise<void> {
  for (const record of records) await place.db.transaction((tx) => recordOne(tx, place, record))
}

async function recordOne(tx: Tx, place: Place, record: TestRecord): Promise<void> {
  const { ids, scope, customerKey, now } = place
  const { capabilityKey, dimensions, occurredAt } = record
  // Statements after this one see the structure that the record is attributed to.
  await tx.execute(sql`
    insert into customer_heads as head (customer_key, environment_key, version)
    values (${customerKey}::uuid, ${scope.environmentKey}::uuid, 0)
    on conflict (customer_key) do update set version = head.version`)
  const { resolutions } = await resolve(tx, [{ scope, customerKey, dimensions }], {
    capabilityKeys: [capabilityKey],
    at: now,
  })
  const amount = wholeUnits(record.amount)
  const postings = resolutions.flatMap((resolution) =>
    postingsOf(resolution, { capabilityKey, amount, occurredAt }),
  )
  await post(
    tx,
    postings.map((posting) => ({ ...posting, scope, customerKey })),
  )
  await tx.execute(sql`
    insert into usage_events (customer_key, occurred_at, event_key, environment_key, accepted_at,
      kind, resource_key, feature_keys, amounts, assignment_keys, assignment_revisions,
      assignment_windows, assignment_deltas)
    values (${customerKey}::uuid, ${instantToWire(occurredAt)}::timestamptz,
      ${ids.next(now)}::uuid, ${scope.environmentKey}::uuid, ${instantToWire(now)}::timestamptz,
      'REPORT', ${NO_RESOURCE}::uuid, array[${capabilityKey}::uuid],
      array[${quantityToSql(amount)}::numeric],
      ${postings.map(({ assignmentKey }) => assignmentKey)}::uuid[],
      ${postings.map(({ revision }) => revision)}::integer[],
      ${postings.map(({ window }) => instantToWire(window.start))}::timestamptz[],
      ${postings.map(({ delta }) => quantityToSql(delta))}::numeric[])`)
}
