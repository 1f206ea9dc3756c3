import type { Reader, Sql, Tx } from '../db/index.ts'
import { column, isDangling, readValue, row, rowsOfAnyNumber, sql } from '../db/index.ts'
import { type Instant, instantToWire } from '../kernel/clock.ts'
import { NO_VERSION, newVersion, type Uuid } from '../kernel/ids.ts'
import type { Scope } from '../kernel/scope.ts'
import {
  type ChangingCall,
  noteSequence,
  raised,
  sequencesOf,
  sequencesRow,
} from './sequence-store.ts'

/**
 * Gives customers a new version, because their structure has changed at `now`: entities, hierarchy
 * positions, budgets or entitlements. This is the last lock of the transaction that changes them.
 * It waits for transactions that count usage of these customers, and those wait for it.
 * Entitlements and resolutions that were cached for an earlier version are invalid. No later
 * decision is made as of an instant before `now`: otherwise a server whose clock is behind would
 * miss what begins with the change, but still find what ends with it.
 */
export const renewVersion = (
  tx: Tx,
  call: ChangingCall & { now: Instant },
  customerKeys: readonly Uuid[],
): Promise<void> =>
  noteSequence(
    call,
    tx.many(
      sequencesRow,
      sql`
      insert into customer_heads as head
        (customer_key, environment_key, structure_version, decided_at)
      select customer_key, ${call.scope.environmentKey}::uuid, ${newVersion()}::uuid,
        ${instantToWire(call.now)}::timestamptz
      from unnest(${customerKeys}::uuid[]) as customer (customer_key)
      order by customer_key
      on conflict (customer_key) do update set
        structure_version = excluded.structure_version, version = head.version + 1,
        decided_at = greatest(head.decided_at, excluded.decided_at), ${raised}
      returning ${sequencesOf(call.scope)}`,
    ),
  )

/**
 * Gives the environment a new version, because something that its customers share has changed:
 * entity types and their attribution keys. Records that are counted concurrently may count as if
 * they came before the change.
 */
export const renewEnvironmentVersion = (tx: Tx, scope: Scope): Promise<number> =>
  tx.execute(sql`
    insert into environment_heads as head (environment_key, structure_version)
    values (${scope.environmentKey}::uuid, ${newVersion()}::uuid)
    on conflict (environment_key) do update set
      structure_version = excluded.structure_version, version = head.version + 1`)

/**
 * The locked version of a customer. Until the end of the transaction nobody else counts its usage
 * or changes its structure.
 */
export type CustomerVersion = {
  /** The structure version. Entitlements and resolutions of another version are invalid. */
  version: Uuid
  /** The usage version from COMMIT on. */
  usageVersion: Uuid
  /** The usage version that the lock has found; null: nothing was counted yet. */
  replacedUsageVersion: Uuid | null
  /** The sequence of the customer from COMMIT on. */
  sequence: number
  /** The instant of decision. */
  now: Instant
  /** Totals and counters of windows that ended by then may have been purged; -Infinity for none. */
  closedUntil: Instant
}

/**
 * A cached key that does not exist in the database, because a fail-over has lost its row. Its id
 * must be looked up again.
 */
export class StaleKey extends Error {
  constructor(cause?: unknown) {
    super('a cached key is not in the database', { cause })
  }
}

const headRow = row({
  customerKey: column.uuid,
  version: column.from('structure_version', column.uuid),
  usageVersion: column.uuid,
  replacedUsageVersion: column.nullable(column.uuid),
  sequence: column.integer,
  now: column.from('decided_at', column.instant),
  closedUntil: column.bound,
})

/**
 * Locks the versions of customers until the end of the transaction, in the order of keys. This is
 * the first statement of each transaction that counts usage, except one that is a single statement
 * (`renewExpected`). The instant of decision is `now`, or the customer's last decision if another
 * server's clock was ahead. `StaleKey` if a customer does not exist.
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
      decided_at = greatest(head.decided_at, excluded.decided_at), ${raised}
    returning customer_key, structure_version, usage_version, replaced_usage_version, sequence,
      decided_at, closed_until`,
  )
  const found = await locking.catch((error) => {
    throw isDangling(error) ? new StaleKey(error) : error
  })
  return new Map(found.map(({ customerKey, ...version }) => [customerKey, version]))
}

/** The versions of a customer that a batch was decided on, and the instant of its decision. */
export type ExpectedVersion = Pick<CustomerVersion, 'version' | 'usageVersion' | 'now'> & {
  customerKey: Uuid
  /** Whether limits have decided, so that holds matter. */
  isDecided: boolean
}

/**
 * Parts of a `with` for a transaction of one statement, which counts usage without locking versions
 * first. The part `expected` has the customers, with `customer_key`, `decided_at` and `is_decided`.
 * The part `renewed_heads` has those whose versions are as expected. Their rows are locked, and get
 * `usageVersion`. Because this is an upsert, the latest row is compared, even if the statement had
 * to wait for its lock. For a customer without a row, the upsert inserts one. Only in such a row
 * `xmax` is 0, so it is not in `renewed_heads`. Then the caller must roll the statement back.
 */
export const renewExpected = (
  scope: Scope,
  versions: readonly ExpectedVersion[],
  usageVersion: Uuid,
): Sql => sql`
  expected as materialized (
    select * from ${rowsOfAnyNumber(versions, {
      customer_key: ['uuid', ({ customerKey }) => customerKey],
      structure_version: ['uuid', ({ version }) => version],
      usage_version: ['uuid', (each) => each.usageVersion],
      decided_at: ['timestamptz', ({ now }) => now],
      is_decided: ['boolean', ({ isDecided }) => isDecided],
    })} as each
  ),
  written_heads as (
    insert into customer_heads as head (customer_key, environment_key, structure_version,
      usage_version, replaced_usage_version, decided_at)
    select customer_key, ${scope.environmentKey}::uuid, structure_version, ${usageVersion}::uuid,
      usage_version, decided_at
    from expected order by customer_key
    on conflict (customer_key) do update set
      decided_at = greatest(head.decided_at, excluded.decided_at), ${raised}
      where head.structure_version = excluded.structure_version
        and head.usage_version = excluded.replaced_usage_version
    returning xmax
  ),
  renewed_heads as (select from written_heads where xmax <> 0)`

/**
 * An expression: the instant as of which a customer is read. It is `now`, or the customer's last
 * decision if that is later, so that changes of another server whose clock is ahead are visible
 * here. `now` if the customer does not exist.
 */
export const readingInstant = (customerKey: Sql, now: Instant): Sql => sql`
  greatest(${instantToWire(now)}::timestamptz, (
    select head.decided_at from customer_heads head where head.customer_key = ${customerKey}))`

/** Returns `readingInstant`, for reads with several statements. */
export const findInstant = (reader: Reader, customerKey: Uuid, now: Instant): Promise<Instant> =>
  readValue(reader, column.instant, sql`select ${readingInstant(sql`${customerKey}::uuid`, now)}`)

/** The versions that a state of a customer in memory belongs to. */
export type StateVersion = {
  archivedAt: Instant | null
  /** Differs after each change of budgets, entitlements or the attribution of usage. */
  structureVersion: Uuid
  /** Differs after each write of totals, counters, holds or deduplication keys. */
  usageVersion: Uuid
  /** How many changes of the customer the state includes. Each usage version has one sequence. */
  sequence: number
  /** No decision is made as of an earlier instant; -Infinity before the first decision. */
  decidedAt: Instant
}

/** The columns of `stateVersionOf`. */
export const stateVersionColumns = {
  archived_at: column.nullable(column.instant),
  structure_version: column.uuid,
  usage_version: column.uuid,
  sequence: column.integer,
  decided_at: column.bound,
}
const stateVersionRow = row(stateVersionColumns)

export const stateVersionFrom = (found: ReturnType<typeof stateVersionRow>): StateVersion => ({
  archivedAt: found.archived_at,
  structureVersion: found.structure_version,
  usageVersion: found.usage_version,
  sequence: found.sequence,
  decidedAt: found.decided_at,
})

/**
 * A relation with `stateVersionColumns`: the versions of a customer, in one row, or none if the
 * customer does not exist. `NO_VERSION` before the first decision.
 */
export const stateVersionOf = (customerKey: Sql): Sql => sql`(
  select customer.archived_at,
    coalesce(head.structure_version, ${NO_VERSION}::uuid) as structure_version,
    coalesce(head.usage_version, ${NO_VERSION}::uuid) as usage_version,
    coalesce(head.sequence, 0) as sequence,
    coalesce(head.decided_at, '-infinity') as decided_at
  from customers customer left join customer_heads head using (customer_key)
  where customer.customer_key = ${customerKey} limit 1)`

/** An expression: the version of what all customers of an environment share. */
export const environmentVersionOf = (environmentKey: Sql): Sql => sql`
  coalesce((
    select structure_version from environment_heads
    where environment_key = ${environmentKey}), ${NO_VERSION}::uuid)`

/**
 * Returns the version of what all customers of an environment share; `NO_VERSION` before any
 * change.
 */
export const environmentVersion = (reader: Reader, scope: Scope): Promise<Uuid> =>
  readValue(
    reader,
    column.uuid,
    sql`select ${environmentVersionOf(sql`${scope.environmentKey}::uuid`)}`,
  )

/**
 * Two parts of a `with` that close the windows which ended by `before`, so that they can be purged.
 * `due` is the name of a relation with a column `customer_key`. The part `free` has those of its
 * customers whose versions no other transaction has locked. It locks them until the end of this
 * transaction, so that nobody counts meanwhile. Locked customers are skipped without waiting and
 * purged next time. Afterwards no decision is made as of an instant before `before`.
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

/** An expression: the instant by which windows of a customer may have been purged. */
export const closedUntil = (customerKey: Sql): Sql => sql`
  coalesce((
    select head.closed_until from customer_heads head where head.customer_key = ${customerKey}
  ), '-infinity')`
