import {
  column,
  columnsOf,
  type Reader,
  row,
  rows,
  rowWriter,
  sql,
  type Tx,
} from '../../db/index.ts'
import { type Instant, instantToWire } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Scope } from '../../kernel/scope.ts'
import type { BudgetKey } from '../standings/index.ts'
import type { Rank } from './rank.ts'

/** A walk through the customers of an environment, which ranks their budgets. */
export type Pass = {
  startedAt: Instant
  /** Customers up to this one are done. */
  afterCustomerKey: Uuid | null
  /** The customer whose budgets are ranked in part, and its sequence when it was begun. */
  part: (BudgetKey & { sequence: number }) | null
  lookedAt: number
  /** When the last complete pass started. */
  rankedAt: Instant | null
}

const passRow = row({
  startedAt: column.instant,
  afterCustomerKey: column.nullable(column.uuid),
  customerKey: column.nullable(column.uuid),
  assignmentKey: column.nullable(column.uuid),
  sequence: column.nullable(column.integer),
  lookedAt: column.integer,
  rankedAt: column.nullable(column.instant),
})

/** Null before the first pass. */
export async function findPass(reader: Reader, scope: Scope): Promise<Pass | null> {
  const found = await reader.maybeOne(
    passRow,
    sql`select * from ranking_passes where environment_key = ${scope.environmentKey}::uuid`,
  )
  if (found === null) return null
  const { customerKey, assignmentKey, sequence, ...pass } = found
  const isInPart = customerKey !== null && assignmentKey !== null && sequence !== null
  return { ...pass, part: isInPart ? { customerKey, assignmentKey, sequence } : null }
}

export const savePass = (tx: Tx, { environmentKey }: Scope, pass: Pass): Promise<number> =>
  tx.execute(sql`
    insert into ranking_passes (environment_key, started_at, after_customer_key, customer_key,
      assignment_key, sequence, looked_at, ranked_at)
    values (${environmentKey}::uuid, ${instantToWire(pass.startedAt)}::timestamptz,
      ${pass.afterCustomerKey}::uuid, ${pass.part?.customerKey ?? null}::uuid,
      ${pass.part?.assignmentKey ?? null}::uuid, ${pass.part?.sequence ?? null}::bigint,
      ${pass.lookedAt}::bigint,
      ${pass.rankedAt === null ? null : instantToWire(pass.rankedAt)}::timestamptz)
    on conflict (environment_key) do update set started_at = excluded.started_at,
      after_customer_key = excluded.after_customer_key, customer_key = excluded.customer_key,
      assignment_key = excluded.assignment_key, sequence = excluded.sequence,
      looked_at = excluded.looked_at, ranked_at = excluded.ranked_at`)

/** A customer whose ranks are of an earlier state, and the sequence of its present state. */
export type ChangedCustomer = { customerKey: Uuid; sequence: number }

/** Every customer is ranked again after this time at the latest. */
const AGAIN_MS = 86_400_000

export type Look = {
  /** How many customers were looked at. */
  count: number
  /** The last one of them. */
  until: Uuid | null
  /** In the order of their keys. */
  changed: readonly ChangedCustomer[]
}

const lookRow = row<Look>({
  count: column.integer,
  until: column.nullable(column.uuid),
  changed: column.json<ChangedCustomer[]>(),
})

/**
 * Looks at the next customers of an environment, at most `limit`, and returns those that must be
 * ranked again. A time for that which no server can have chosen counts as reached. The limit is a
 * subquery, because with a known limit PostgreSQL might first sort all customers.
 */
export const findChanged = (
  reader: Reader,
  { environmentKey }: Scope,
  of: { after: Uuid | null; limit: number; now: Instant },
): Promise<Look> => {
  const latest = instantToWire(of.now + AGAIN_MS)
  return reader.one(
    lookRow,
    sql`
    with looked as materialized (
      select customer_key from customers
      where environment_key = ${environmentKey}::uuid
        and customer_key > coalesce(${of.after}::uuid, '00000000-0000-0000-0000-000000000000')
      order by customer_key limit (select ${of.limit}::integer)
    )
    select (select count(*) from looked) as count,
      (select customer_key from looked order by customer_key desc limit 1) as until,
      (select coalesce(json_agg(json_build_object('customerKey', looked.customer_key,
          'sequence', head.sequence) order by looked.customer_key), '[]')
        from looked
          cross join lateral (
            select of.sequence from customer_heads of
            where of.customer_key = looked.customer_key limit 1) head
          left join lateral (
            select of.sequence, of.again_at from budget_rankings of
            where of.customer_key = looked.customer_key limit 1) ranking on true
        where ranking.sequence is distinct from head.sequence
          or ranking.again_at <= ${instantToWire(of.now)}::timestamptz
          or ranking.again_at > ${latest}::timestamptz) as changed`,
  )
}

/** A budget to rank. `applies` is false without a limit, and if something is archived. */
export type Candidate = BudgetKey & { entityTypeKey: Uuid; applies: boolean }

const candidateRow = row<Candidate>({
  customerKey: column.uuid,
  assignmentKey: column.uuid,
  entityTypeKey: column.uuid,
  applies: column.boolean,
})

/**
 * Returns budgets of customers in the order of their keys, at most `limit`; of the customer of
 * `after`, those after that budget.
 */
export const listCandidates = (
  reader: Reader,
  of: { customerKeys: readonly Uuid[]; after: BudgetKey | null; limit: number },
): Promise<Candidate[]> =>
  reader.many(
    candidateRow,
    sql`
    select c.key as customer_key, a.assignment_key, e.entity_type_key,
      a.is_limited and e.archived_at is null and c.archived_at is null as applies
    from (
      select asked.key, customer.archived_at
      from unnest((select ${of.customerKeys}::uuid[])) as asked (key)
        cross join lateral (
          select archived_at from customers where customer_key = asked.key limit 1) customer
    ) as c
      cross join lateral (
        select of.assignment_key, of.entity_key, of.usage_limit is not null as is_limited
        from assignments of
        where of.customer_key = c.key and of.assignment_key >
          case when c.key = ${of.after?.customerKey ?? null}::uuid
            then ${of.after?.assignmentKey ?? null}::uuid
            else '00000000-0000-0000-0000-000000000000' end
        order by of.assignment_key limit (select ${of.limit}::integer)
      ) a
      cross join lateral (
        select of.entity_type_key, of.archived_at from entities of
        where of.customer_key = c.key and of.entity_key = a.entity_key limit 1
      ) e
    order by c.key, a.assignment_key limit ${of.limit}::integer`,
  )

export type RankRow = BudgetKey & Rank & { capabilityKey: Uuid; entityTypeKey: Uuid }

const rankColumns = columnsOf<RankRow>({
  customerKey: 'uuid',
  assignmentKey: 'uuid',
  capabilityKey: 'uuid',
  entityTypeKey: 'uuid',
  windowEnd: 'timestamptz',
  utilization: 'numeric',
  exhaustsAt: 'timestamptz',
})

/** Writes ranks. One that has not changed is not written again. */
export const saveRanks = rowWriter<Scope, RankRow>(
  ({ environmentKey }, ranks) => sql`
    insert into budget_ranks as rank (customer_key, assignment_key, environment_key,
      capability_key, entity_type_key, window_end, utilization, exhausts_at)
    select customer_key, assignment_key, ${environmentKey}::uuid, capability_key,
      entity_type_key, window_end, utilization, exhausts_at
    from ${rows(ranks, rankColumns)} as each
    on conflict (customer_key, assignment_key) do update set window_end = excluded.window_end,
      utilization = excluded.utilization, exhausts_at = excluded.exhausts_at
      where (rank.window_end, rank.utilization, rank.exhausts_at)
        is distinct from (excluded.window_end, excluded.utilization, excluded.exhausts_at)`,
)

export const deleteRanks = rowWriter<null, BudgetKey>(
  (_, keys) => sql`
    delete from budget_ranks rank
    using ${rows(keys, {
      customer_key: ['uuid', ({ customerKey }) => customerKey],
      assignment_key: ['uuid', ({ assignmentKey }) => assignmentKey],
    })} as gone
    where rank.customer_key = gone.customer_key and rank.assignment_key = gone.assignment_key`,
)

/** How long a prediction stays, in milliseconds. Without usage, a budget runs out later. */
const PREDICTION_MS = 3_600_000

/**
 * Notes that all budgets of customers are ranked. They are ranked again when their state has
 * changed, when the window of a rank ends, within an hour if a budget will run out, or in a day.
 */
export const noteRankings = rowWriter<Scope & { now: Instant }, ChangedCustomer>(
  ({ environmentKey, now }, customers) => sql`
    insert into budget_rankings as ranking (customer_key, environment_key, sequence, again_at)
    select each.customer_key, ${environmentKey}::uuid, each.sequence, least(
      ${instantToWire(now + AGAIN_MS)}::timestamptz, summary.window_end,
      case when summary.is_predicted
        then ${instantToWire(now + PREDICTION_MS)}::timestamptz end)
    from ${rows(customers, {
      customer_key: ['uuid', ({ customerKey }) => customerKey],
      sequence: ['bigint', ({ sequence }) => sequence],
    })} as each
      cross join lateral (
        select min(rank.window_end) as window_end,
          bool_or(rank.exhausts_at > ${instantToWire(now)}::timestamptz) as is_predicted
        from budget_ranks rank where rank.customer_key = each.customer_key
      ) as summary
    on conflict (customer_key) do update set sequence = excluded.sequence,
      again_at = excluded.again_at`,
)
