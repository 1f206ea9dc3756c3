import type { Reader, RowColumns, Sql, Tx } from '../db/index.ts'
import { column, row, rows, sql } from '../db/index.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Window } from '../kernel/period.ts'
import type { Quantity } from '../kernel/quantity.ts'
import type { Owner, Scope } from '../kernel/scope.ts'
import type { Posting } from '../metering/index.ts'
import { postingsFrom } from '../metering/records/index.ts'
import { heldPostings, moveHolds } from '../metering/reservations/index.ts'
import { type Carry, counterName, type StoredUsage } from './postings.ts'

/** The key of a counter. */
export type CounterKey = Pick<Posting, 'assignmentKey' | 'revision'> & {
  customerKey: Uuid
  window: Pick<Window, 'start'>
}

/** What is added to a counter, signed. A negative amount in `held` releases a hold. */
export type CounterChange = CounterKey & {
  usage: Quantity
  held: Quantity
  /** When the latest SET among the postings occurred; null: there was none. */
  setAt: Instant | null
}

/** Columns for `rows`: the key of a counter. */
export const counterKeyColumns: RowColumns<CounterKey> = {
  customer_key: ['uuid', ({ customerKey }) => customerKey],
  assignment_key: ['uuid', ({ assignmentKey }) => assignmentKey],
  revision: ['integer', ({ revision }) => revision],
  window_start: ['timestamptz', ({ window }) => window.start],
}

/**
 * Adds usage and holds to counters of any customers. Several changes may have the same counter. One
 * statement, which locks counters in the order of their keys.
 */
export async function changeCounters(
  tx: Tx,
  scope: Scope,
  changes: readonly CounterChange[],
): Promise<void> {
  if (changes.length === 0) return
  await tx.execute(sql`
    insert into budget_counters as counter (customer_key, assignment_key, revision, window_start,
      environment_key, usage, held, set_at)
    select customer_key, assignment_key, revision, window_start,
      ${scope.environmentKey}::uuid, sum(usage), sum(held), max(set_at)
    from ${rows(changes, {
      ...counterKeyColumns,
      usage: ['numeric', ({ usage }) => usage],
      held: ['numeric', ({ held }) => held],
      set_at: ['timestamptz', ({ setAt }) => setAt],
    })} as change
    group by customer_key, assignment_key, revision, window_start
    order by customer_key, assignment_key, revision, window_start
    on conflict (customer_key, assignment_key, revision, window_start) do update set
      usage = counter.usage + excluded.usage, held = counter.held + excluded.held,
      set_at = greatest(counter.set_at, excluded.set_at)`)
}

const counterColumns = {
  assignmentKey: column.uuid,
  revision: column.integer,
  windowStart: column.instant,
  usage: column.quantity,
  held: column.quantity,
  setAt: column.nullable(column.instant),
}
const counterRow = row(counterColumns)

const nameOf = (found: ReturnType<typeof counterRow>): string =>
  counterName(
    { assignmentKey: found.assignmentKey, revision: found.revision },
    { start: found.windowStart },
  )

/** Returns the usage and holds of counters, and when the latest SET occurred, if there is one. */
export async function readCounters(
  reader: Reader,
  keys: readonly CounterKey[],
): Promise<StoredUsage & { setAts: ReadonlyMap<string, Instant> }> {
  if (keys.length === 0) return { counters: new Map(), holds: new Map(), setAts: new Map() }
  const found = await reader.many(
    counterRow,
    sql`
    select counter.*
    from ${rows(keys, counterKeyColumns)} as asked
      cross join lateral (
        select assignment_key, revision, window_start, usage, held, set_at from budget_counters c
        where c.customer_key = asked.customer_key and c.assignment_key = asked.assignment_key
          and c.revision = asked.revision and c.window_start = asked.window_start
        limit 1) counter`,
  )
  return {
    counters: new Map(found.map((each) => [nameOf(each), each.usage])),
    holds: new Map(found.map((each) => [nameOf(each), each.held])),
    setAts: new Map(
      found.flatMap((each) => (each.setAt === null ? [] : [[nameOf(each), each.setAt]])),
    ),
  }
}

/**
 * Like `postingsFrom`, but corrects postings that earlier versions of Bursar stored: those that
 * occurred before the budget was created are left out, and all postings of a level are in its only
 * window.
 */
export const postingsThatCount = (customerKey: Uuid, from: Instant | null): Sql => sql`(
  select posting.assignment_key, posting.delta, posting.occurred_at,
    case when a.is_level then a.revision else posting.revision end as revision,
    case when a.is_level then timestamptz 'epoch' else posting.window_start end as window_start,
    case when posting.is_set then posting.occurred_at end as set_at
  from ${postingsFrom(customerKey, from)} posting
    left join assignments a on a.customer_key = ${customerKey}::uuid
      and a.assignment_key = posting.assignment_key
  where (posting.occurred_at < a.created_at) is not true)`

/**
 * A statement: the postings of earlier revisions, as postings of the revision that took over their
 * windows.
 */
export function carried(customerKey: Uuid, carries: readonly Carry[]): Sql {
  const windowsTaken = carries.flatMap(({ assignmentKey, revision, windows }) =>
    windows.map((window) => ({ assignmentKey, revision, window })),
  )
  const from = Math.min(...windowsTaken.map(({ window }) => window.start))
  return sql`
    select taken.assignment_key, taken.revision, taken.window_start, posting.delta, posting.set_at
    from ${rows(windowsTaken, {
      assignment_key: ['uuid', ({ assignmentKey }) => assignmentKey],
      revision: ['integer', ({ revision }) => revision],
      window_start: ['timestamptz', ({ window }) => window.start],
      window_end: ['timestamptz', ({ window }) => window.end],
    })} as taken
      join ${postingsThatCount(customerKey, from)} posting
        on posting.assignment_key = taken.assignment_key and posting.revision < taken.revision
          and posting.occurred_at >= taken.window_start
          and posting.occurred_at < taken.window_end`
}

const insertCounters = (owner: Owner, postings: Sql): Sql => sql`
  insert into budget_counters (customer_key, assignment_key, revision, window_start,
    environment_key, usage, set_at)
  select ${owner.customerKey}::uuid, assignment_key, revision, window_start,
    ${owner.scope.environmentKey}::uuid, sum(delta), max(set_at)
  from (${postings}) as posting
  group by assignment_key, revision, window_start`

/**
 * Creates the counters of new revisions from the postings of earlier ones. Nothing may be posted
 * meanwhile, so renew the customer's version first. The time grows with the number of records in
 * the windows.
 */
export async function carryCounters(
  tx: Tx,
  owner: Owner,
  carries: readonly Carry[],
): Promise<void> {
  if (carries.length === 0) return
  await Promise.all([
    tx.execute(insertCounters(owner, carried(owner.customerKey, carries))),
    moveHolds(tx, owner.customerKey, carries),
    recountHolds(
      tx,
      owner,
      carries.map(({ assignmentKey }) => assignmentKey),
    ),
  ])
}

/** Recomputes the amounts that open reservations hold in these budgets. */
async function recountHolds(
  tx: Tx,
  { scope, customerKey }: Owner,
  assignmentKeys: readonly Uuid[],
): Promise<void> {
  const ofThese = sql`assignment_key = any(${assignmentKeys}::uuid[])`
  await tx.execute(sql`
    update budget_counters set held = 0
    where customer_key = ${customerKey}::uuid and held <> 0 and ${ofThese}`)
  await tx.execute(sql`
    insert into budget_counters (customer_key, assignment_key, revision, window_start,
      environment_key, held)
    select ${customerKey}::uuid, assignment_key, revision, window_start,
      ${scope.environmentKey}::uuid, sum(delta)
    from ${heldPostings(customerKey)} as holding
    where ${ofThese} group by assignment_key, revision, window_start
    on conflict (customer_key, assignment_key, revision, window_start) do update set
      held = excluded.held`)
}
