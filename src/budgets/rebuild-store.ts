import { closedUntil } from '../customers/index.ts'
import type { Reader, Sql, Tx } from '../db/index.ts'
import { column, nothing, readValue, row, rows, sql } from '../db/index.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Quantity } from '../kernel/quantity.ts'
import type { Owner } from '../kernel/scope.ts'
import { type ComparisonQuery, comparison, type RecordKey } from '../metering/rebuild/index.ts'
import { postingsFrom } from '../metering/records/index.ts'
import { heldPostings } from '../metering/reservations/index.ts'
import { windowEnd } from './closed-store.ts'
import { carried, postingsThatCount } from './counter-store.ts'
import type { Carry } from './postings.ts'

/**
 * A part of a customer's counters. A list of takeovers means the counters of their revisions. Null
 * means the counters of all revisions that took over nothing. A part can be rebuilt without the
 * other parts.
 */
export type CounterPart = readonly Carry[] | null

/** Usage, holds, and the instant of the latest SET. */
export type CounterValue = { usage: Quantity; held: Quantity; setAt: Instant | null }

/** A counter that differs from its postings. */
export type CounterDifference = {
  assignmentKey: Uuid
  revision: number
  windowStart: Instant
  stored: CounterValue
  recounted: CounterValue
}

/** A condition: whether the budget and the revision of `each` belong to the part. */
const isIn = (part: CounterPart, customerKey: Uuid): Sql =>
  part === null
    ? sql`not exists (
        select from past_cadences past
        where past.customer_key = ${customerKey}::uuid and past.assignment_key = each.assignment_key
          and past.revision = each.revision - 1)`
    : sql`(each.assignment_key, each.revision) in ${rows(part, {
        assignment_key: ['uuid', ({ assignmentKey }) => assignmentKey],
        revision: ['integer', ({ revision }) => revision],
      })}`

/** A condition: whether the window of the counter `of` is within the retention. */
const isKept = (customerKey: Uuid, of: Sql): Sql => {
  const closed = closedUntil(sql`${customerKey}::uuid`)
  return sql`(${of}.window_start >= ${closed}
    or ${windowEnd(sql`${customerKey}::uuid`, of)} > ${closed})`
}

/**
 * `made`: the counters of a part, computed from postings and open reservations. Counters of windows
 * that may have been purged are left out, unless reservations still hold something in them.
 */
const countersMade = (customerKey: Uuid, part: CounterPart): Sql => sql`
  posted as (
    select assignment_key, revision, window_start, sum(delta) as usage, max(set_at) as set_at
    from (
      select assignment_key, revision, window_start, delta, set_at
      from ${postingsThatCount(customerKey, null)} as each where ${isIn(part, customerKey)}
      ${part === null ? nothing : sql`union all ${carried(customerKey, part)}`}
    ) as posting
    group by 1, 2, 3
  ),
  holding as (
    select assignment_key, revision, window_start, sum(delta) as held
    from ${heldPostings(customerKey)} as each where ${isIn(part, customerKey)}
    group by 1, 2, 3
  ),
  made as (
    select * from (
      select assignment_key, revision, window_start, coalesce(usage, 0) as usage,
        coalesce(held, 0) as held, set_at
      from posted full join holding using (assignment_key, revision, window_start)
    ) as counter
    where held <> 0 or ${isKept(customerKey, sql`counter`)}
  )`

const differenceRow = row<CounterDifference>({
  assignmentKey: column.uuid,
  revision: column.integer,
  windowStart: column.instant,
  stored: column.group(
    row({
      usage: column.quantity,
      held: column.quantity,
      setAt: column.nullable(column.instant),
    }),
  ),
  recounted: column.group(
    row({
      usage: column.from('made_usage', column.quantity),
      held: column.from('made_held', column.quantity),
      setAt: column.from('made_set_at', column.nullable(column.instant)),
    }),
  ),
})

/**
 * Returns the first `limit` counters of a part that differ from their postings. Usage in windows
 * that may have been purged is not compared.
 */
export const comparePart = comparison(
  differenceRow,
  ({ customerKey, part, limit }: ComparisonQuery & { part: CounterPart }) => sql`
    with ${countersMade(customerKey, part)},
    stored as (
      select assignment_key, revision, window_start, usage, held, set_at from budget_counters each
      where customer_key = ${customerKey}::uuid and ${isIn(part, customerKey)}
    )
    select *, count(*) over () as differing
    from (
      select assignment_key, revision, window_start, coalesce(stored.usage, 0) as usage,
        coalesce(stored.held, 0) as held, stored.set_at, coalesce(made.usage, 0) as made_usage,
        coalesce(made.held, 0) as made_held, made.set_at as made_set_at
      from made full join stored using (assignment_key, revision, window_start)
    ) as counter
    where held <> made_held or (usage, set_at) is distinct from (made_usage, made_set_at)
      and ${isKept(customerKey, sql`counter`)}
    order by assignment_key, revision, window_start limit ${limit}::integer`,
)

/** Replaces the counters of a part with what their postings add up to. */
export const rewritePart = (
  tx: Tx,
  { scope, customerKey }: Owner,
  part: CounterPart,
): Promise<number> =>
  tx.execute(sql`
    with ${countersMade(customerKey, part)},
    gone as (
      delete from budget_counters each
      where customer_key = ${customerKey}::uuid and ${isIn(part, customerKey)} and not exists (
        select from made
        where made.assignment_key = each.assignment_key and made.revision = each.revision
          and made.window_start = each.window_start)
    )
    insert into budget_counters as stored (customer_key, assignment_key, revision, window_start,
      environment_key, usage, held, set_at)
    select ${customerKey}::uuid, assignment_key, revision, window_start,
      ${scope.environmentKey}::uuid, usage, held, set_at
    from made
    on conflict (customer_key, assignment_key, revision, window_start) do update set
      usage = excluded.usage, held = excluded.held, set_at = excluded.set_at
    where (stored.usage, stored.held, stored.set_at)
      is distinct from (excluded.usage, excluded.held, excluded.set_at)`)

const PROBLEMS = ['revision', 'window', 'feature', 'amount', 'entity'] as const

/** An impossible posting to a budget. `problem` is the part of it that contradicts its record. */
export type PostingProblem = RecordKey & {
  assignmentKey: Uuid
  problem: (typeof PROBLEMS)[number]
}

const problemRow = row<PostingProblem>({
  eventKey: column.uuid,
  occurredAt: column.instant,
  assignmentKey: column.uuid,
  problem: column.oneOf(...PROBLEMS),
})

/**
 * Returns the first `limit` impossible postings of a customer. In a possible posting, the revision
 * exists, the window had begun when the record occurred, the record counted the feature and the
 * amount, and the record is attributed to the entity and the scope of the budget. The amount of a
 * SET is not compared, because it posts to each counter the difference to that counter's value.
 */
export const findWrongPostings = comparison(
  problemRow,
  ({ customerKey, limit }) => sql`
    select event_key, occurred_at, assignment_key, problem, count(*) over () as differing
    from (
      select posting.event_key, posting.occurred_at, posting.assignment_key,
        case
          when posting.revision not between 1 and a.revision then 'revision'
          when posting.window_start > posting.occurred_at then 'window'
          when a.capability_kind = 'feature' and a.capability_key <> all (posting.feature_keys)
            then 'feature'
          when a.capability_kind = 'feature' and not posting.is_set
            and posting.delta is distinct from
            posting.amounts[array_position(posting.feature_keys, a.capability_key)] then 'amount'
          when (posting.entity_keys @> (a.scope_keys || a.entity_key)) is not true then 'entity'
        end as problem
      from ${postingsFrom(customerKey, null)} as posting
        join assignments a on a.customer_key = ${customerKey}::uuid
          and a.assignment_key = posting.assignment_key
    ) as looked_at
    where problem is not null
    order by event_key, assignment_key limit ${limit}::integer`,
)

/** Returns the number of counters of a customer's budgets. */
export const countCounters = (reader: Reader, customerKey: Uuid): Promise<number> =>
  readValue(
    reader,
    column.integer,
    sql`
    select count(*) from budget_counters
    where customer_key = ${customerKey}::uuid`,
  )
