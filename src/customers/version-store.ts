import { column, isDangling, type Reader, row, type Sql, sql, type Tx } from '../db/index.ts'
import { type Instant, instantToWire } from '../kernel/clock.ts'
import { NO_VERSION, newVersion, type Uuid } from '../kernel/ids.ts'
import type { Scope } from '../kernel/scope.ts'

/**
 * Notes that the structure of customers has changed at `now`: entities, their places, budgets,
 * entitlements. The last lock of the transaction that changes it: it waits for those who are
 * counting usage of the customers, and they wait for its end. What was resolved for an earlier
 * version is void, and nothing is decided as of an earlier instant: a server whose clock is behind
 * would not find what begins with the change, and still find what ends with it.
 */
export const renewVersion = (
  tx: Tx,
  { scope, now }: { scope: Scope; now: Instant },
  customerKeys: readonly Uuid[],
): Promise<number> =>
  tx.execute(sql`
    insert into customer_heads as head
      (customer_key, environment_key, structure_version, decided_at)
    select customer_key, ${scope.environmentKey}::uuid, ${newVersion()}::uuid,
      ${instantToWire(now)}::timestamptz
    from unnest(${customerKeys}::uuid[]) as customer (customer_key)
    order by customer_key
    on conflict (customer_key) do update set
      structure_version = excluded.structure_version, version = head.version + 1,
      decided_at = greatest(head.decided_at, excluded.decided_at)`)

/**
 * The same for what all customers of an environment share: entity types and their attribution keys.
 * Records that are being counted meanwhile fall before the change.
 */
export const renewEnvironmentVersion = (tx: Tx, scope: Scope): Promise<number> =>
  tx.execute(sql`
    insert into environment_heads as head (environment_key, structure_version)
    values (${scope.environmentKey}::uuid, ${newVersion()}::uuid)
    on conflict (environment_key) do update set
      structure_version = excluded.structure_version, version = head.version + 1`)

/** A customer whose usage nobody else counts, and whose structure nobody changes, meanwhile. */
export type CustomerVersion = {
  /** Of the customer's structure: what was resolved for another one is void. */
  version: Uuid
  /** The instant of decision. */
  now: Instant
  /** Windows that ended by then may have been trimmed; -Infinity for none. */
  closedUntil: Instant
}

/**
 * A key that stands for nothing any more: whoever remembered it did so in a part that the database
 * has lost. Its id has to be looked up again.
 */
export class StaleKey extends Error {
  constructor(cause?: unknown) {
    super('what a key stood for is not there', { cause })
  }
}

const headRow = row({
  customer_key: column.uuid,
  structure_version: column.uuid,
  decided_at: column.instant,
  closed_until: column.bound,
})

/**
 * Locks the heads of customers until the transaction ends, in the order of their keys: the first
 * statement of whoever counts their usage. The instant of decision is `now`, unless a server whose
 * clock runs ahead has decided later. `StaleKey` for a customer who is not there, to whom no head
 * could lead.
 */
export async function lockVersions(
  tx: Tx,
  scope: Scope,
  asked: { customerKeys: readonly Uuid[]; now: Instant },
): Promise<ReadonlyMap<Uuid, CustomerVersion>> {
  const locking = tx.many(
    headRow,
    sql`
    insert into customer_heads as head
      (customer_key, environment_key, structure_version, decided_at)
    select customer_key, ${scope.environmentKey}::uuid, ${newVersion()}::uuid,
      ${instantToWire(asked.now)}::timestamptz
    from unnest(${asked.customerKeys}::uuid[]) as customer (customer_key)
    order by customer_key
    on conflict (customer_key) do update set
      decided_at = greatest(head.decided_at, excluded.decided_at)
    returning customer_key, structure_version, decided_at, closed_until`,
  )
  const found = await locking.catch((error) => {
    throw isDangling(error) ? new StaleKey(error) : error
  })
  return new Map(
    found.map(({ customer_key, structure_version, decided_at, closed_until }) => [
      customer_key,
      { version: structure_version, now: decided_at, closedUntil: closed_until },
    ]),
  )
}

/**
 * The instant as of which something of a customer is read: `now`, or that of the last decision if
 * another server has decided later, so that its doing is seen here, too. An expression; of a
 * customer who is not there, `now`.
 */
export const readingInstant = (customerKey: Sql, now: Instant): Sql => sql`
  greatest(${instantToWire(now)}::timestamptz, (
    select head.decided_at from customer_heads head where head.customer_key = ${customerKey}))`

const instantRow = row({ now: column.instant })

/** The same, for whoever reads with several statements. */
export const findInstant = async (
  reader: Reader,
  customerKey: Uuid,
  now: Instant,
): Promise<Instant> =>
  (
    await reader.one(
      instantRow,
      sql`select ${readingInstant(sql`${customerKey}::uuid`, now)} as now`,
    )
  ).now

/** What a state of a customer in memory is of. */
export type StateVersion = {
  archivedAt: Instant | null
  /** Another one after each change of entities, budgets or entitlements. */
  structureVersion: Uuid
  /** Another one after each write of totals, counters, holds or dedup keys. */
  usageVersion: Uuid
  /** Nothing is decided as of an earlier instant; -Infinity before the first decision. */
  decidedAt: Instant
}

/** The columns of `stateVersionOf`. */
export const stateVersionColumns = {
  archived_at: column.nullable(column.instant),
  structure_version: column.uuid,
  usage_version: column.uuid,
  decided_at: column.bound,
}
const stateVersionRow = row(stateVersionColumns)

export const stateVersionFrom = (found: ReturnType<typeof stateVersionRow>): StateVersion => ({
  archivedAt: found.archived_at,
  structureVersion: found.structure_version,
  usageVersion: found.usage_version,
  decidedAt: found.decided_at,
})

/**
 * The versions of a customer: a relation with `stateVersionColumns`, of one row, or of none where
 * there is no such customer. One about whom nothing was ever decided has `NO_VERSION`.
 */
export const stateVersionOf = (customerKey: Sql): Sql => sql`(
  select customer.archived_at,
    coalesce(head.structure_version, ${NO_VERSION}::uuid) as structure_version,
    coalesce(head.usage_version, ${NO_VERSION}::uuid) as usage_version,
    coalesce(head.decided_at, '-infinity') as decided_at
  from customers customer left join customer_heads head using (customer_key)
  where customer.customer_key = ${customerKey} limit 1)`

const versionRow = row({ version: column.uuid })

/** The version of what all customers of an environment share; an expression. */
export const environmentVersionOf = (environmentKey: Sql): Sql => sql`
  coalesce((
    select structure_version from environment_heads
    where environment_key = ${environmentKey}), ${NO_VERSION}::uuid)`

/** The same; `NO_VERSION` before any change. */
export const environmentVersion = async (reader: Reader, scope: Scope): Promise<Uuid> =>
  (
    await reader.one(
      versionRow,
      sql`select ${environmentVersionOf(sql`${scope.environmentKey}::uuid`)} as version`,
    )
  ).version

/**
 * Notes that windows of customers which ended by `before` are trimmed: `free`, those of the
 * customers of `due` (a name, with `customer_key`) whose heads nobody holds. They are locked until
 * the transaction ends, so that nobody counts meanwhile; whoever is held is left for the next time,
 * and nobody is waited for. Nothing is decided as of an earlier instant from then on. Two parts of
 * a `with`.
 */
export const lockForPurge = (due: Sql, before: Instant): Sql => sql`
  free as materialized (
    select held.customer_key
    from (select distinct customer_key from ${due}) as of
      cross join lateral (
        select head.customer_key from customer_heads head
        where head.customer_key = of.customer_key
        limit 1 for update skip locked
      ) held
  ),
  closed as (
    update customer_heads head set
      closed_until = greatest(head.closed_until, ${instantToWire(before)}::timestamptz),
      decided_at = greatest(head.decided_at, ${instantToWire(before)}::timestamptz)
    from free where head.customer_key = free.customer_key
  )`

/** Until when windows of a customer may have been trimmed. An expression. */
export const closedUntil = (customerKey: Sql): Sql => sql`
  coalesce((
    select head.closed_until from customer_heads head where head.customer_key = ${customerKey}
  ), '-infinity')`
