import { column, milliseconds, type Reader, row, sql } from '../../db/index.ts'
import { type Instant, instantToWire } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import { type Quantity, quantityFromSql } from '../../kernel/quantity.ts'
import { expiredHolds, holdsFromJson } from '../../metering/reservations/index.ts'
import { counterName } from '../postings.ts'
import type { Budget } from '../types.ts'
import type { CountedBudget, WindowUsage } from './standing.ts'

type CounterJson = { start: number; usage: string; held: string }

const budgetRow = row({
  budget: column.group(
    row<Budget & { displayName: string | null }>({
      assignmentKey: column.uuid,
      revision: column.integer,
      entityKey: column.uuid,
      entityId: column.text,
      displayName: column.nullable(column.text),
      capabilityKey: column.uuid,
      scopeEntityIds: column.from('scope', column.json<string[]>()),
      usageLimit: column.nullable(column.quantity),
      cadence: column.text,
      isLevel: column.boolean,
      createdAt: column.instant,
    }),
  ),
  counter: column.nullable(column.json<CounterJson>()),
})

/** Names a budget. */
export type BudgetKey = { customerKey: Uuid; assignmentKey: Uuid }

/**
 * Returns budgets by their keys, each with its latest counter whose window has begun, in no
 * particular order. Holds of reservations that have expired are subtracted. The cost grows with the
 * number of budgets, and not with the size of their customers.
 */
export async function findCounted(
  reader: Reader,
  { keys, now }: { keys: readonly BudgetKey[]; now: Instant },
): Promise<CountedBudget[]> {
  if (keys.length === 0) return []
  const customerKeys = keys.map(({ customerKey }) => customerKey)
  const [found, expired] = await Promise.all([
    reader.many(
      budgetRow,
      sql`
      select a.assignment_key, a.revision, a.entity_key, e.id as entity_id, e.display_name,
        a.capability_key, a.usage_limit, a.cadence, a.is_level, a.created_at, to_json(array(
          select s.id from entities s
          where s.customer_key = asked.customer_key and s.entity_key = any(a.scope_keys)
          order by s.id)) as scope, (
          select json_build_object('start', ${milliseconds(sql`c.window_start`)},
            'usage', c.usage::text, 'held', c.held::text)
          from budget_counters c
          where c.customer_key = asked.customer_key and c.assignment_key = a.assignment_key
            and c.revision = a.revision and c.window_start <= ${instantToWire(now)}::timestamptz
          order by c.window_start desc limit 1
        ) as counter
      from unnest((select ${customerKeys}::uuid[]),
          (select ${keys.map(({ assignmentKey }) => assignmentKey)}::uuid[]))
          as asked (customer_key, key)
        cross join lateral (
          select * from assignments of
          where of.customer_key = asked.customer_key and of.assignment_key = asked.key limit 1
        ) a
        cross join lateral (
          select id, display_name from entities of
          where of.customer_key = asked.customer_key and of.entity_key = a.entity_key limit 1
        ) e`,
    ),
    findExpiredHolds(reader, [...new Set(customerKeys)], now),
  ])
  return found.map(({ budget, counter }) => ({
    ...budget,
    counter: counter === null ? null : withoutExpired(budget, counter, expired),
  }))
}

/** Sums of holds by the names of their counters. */
type Held = ReadonlyMap<string, Quantity>

/** Reservations that have expired still count as held until their expiry is stored. */
async function findExpiredHolds(
  reader: Reader,
  customerKeys: readonly Uuid[],
  now: Instant,
): Promise<Held> {
  const at = sql`${instantToWire(now)}::timestamptz`
  const expired = await reader.many(
    ({ holds = null }) => holdsFromJson(holds),
    sql`
    select found.holds from unnest((select ${customerKeys}::uuid[])) as asked (key)
      cross join lateral (select ${expiredHolds(sql`asked.key`, at)} as holds offset 0) as found`,
  )
  const sums = new Map<string, Quantity>()
  for (const { amount, postings } of expired.flat())
    for (const { window, ...of } of postings) {
      const name = counterName(of, window)
      sums.set(name, (sums.get(name) ?? 0n) + amount)
    }
  return sums
}

const withoutExpired = (
  budget: Budget,
  { start, usage, held }: CounterJson,
  expired: Held,
): WindowUsage => ({
  windowStart: start,
  usage: quantityFromSql(usage),
  held: quantityFromSql(held) - (expired.get(counterName(budget, { start })) ?? 0n),
})
