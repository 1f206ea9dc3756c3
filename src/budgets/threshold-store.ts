import { column, type Reader, row, rows, type Sql, sql, type Tx } from '../db/index.ts'
import { type Instant, instantToWire } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import { quantityFromSql, quantityToSql } from '../kernel/quantity.ts'
import type { Scope } from '../kernel/scope.ts'
import { type CounterKey, counterKeyColumns } from './counter-store.ts'
import type { Threshold } from './cross-thresholds.ts'
import { counterName } from './postings.ts'

const thresholdsRow = row({ thresholds: column.json<string[]>() })

/** Returns the thresholds of an environment, ascending. */
export async function readThresholds(reader: Reader, scope: Scope): Promise<Threshold[]> {
  const found = await reader.maybeOne(
    thresholdsRow,
    sql`
    select to_json(thresholds::text[]) as thresholds from threshold_configs
    where environment_key = ${scope.environmentKey}::uuid`,
  )
  return found === null ? [] : found.thresholds.map(quantityFromSql)
}

/** An expression: whether an environment has exactly these thresholds, in ascending order. */
export const areThresholds = (environmentKey: Sql, thresholds: readonly Threshold[]): Sql => sql`
  coalesce((
    select config.thresholds from threshold_configs config
    where config.environment_key = ${environmentKey}), '{}')
    = ${thresholds.map(quantityToSql)}::numeric[]`

export const saveThresholds = (tx: Tx, scope: Scope, thresholds: readonly Threshold[]) =>
  tx.execute(sql`
    insert into threshold_configs (environment_key, thresholds)
    values (${scope.environmentKey}::uuid, ${thresholds.map(quantityToSql)}::numeric[])
    on conflict (environment_key) do update set thresholds = excluded.thresholds`)

const firedRow = row({
  assignmentKey: column.uuid,
  revision: column.integer,
  windowStart: column.instant,
  threshold: column.quantity,
})

/** Returns the crossed thresholds of windows of budgets, by the names of their counters. */
export async function readCrossed(
  reader: Reader,
  keys: readonly CounterKey[],
): Promise<Map<string, Threshold[]>> {
  if (keys.length === 0) return new Map()
  const found = await reader.many(
    firedRow,
    sql`
    select fired.*
    from ${rows(keys, counterKeyColumns)} as asked
      cross join lateral (
        select assignment_key, revision, window_start, threshold from fired_thresholds of
        where of.customer_key = asked.customer_key and of.assignment_key = asked.assignment_key
          and of.revision = asked.revision and of.window_start = asked.window_start
        offset 0) fired`,
  )
  const fired = Map.groupBy(found, (each) =>
    counterName(
      { assignmentKey: each.assignmentKey, revision: each.revision },
      { start: each.windowStart },
    ),
  )
  return new Map([...fired].map(([name, rows]) => [name, rows.map(({ threshold }) => threshold)]))
}

/** A threshold that is crossed in a window of a budget. */
export type ThresholdCrossing = CounterKey & { environmentKey: Uuid; threshold: Threshold }

/** Deletes crossed thresholds of levels that are below them again. */
export async function deleteCrossed(
  tx: Tx,
  firings: readonly Omit<ThresholdCrossing, 'environmentKey'>[],
) {
  if (firings.length === 0) return
  await tx.execute(sql`
    delete from fired_thresholds
    where (customer_key, assignment_key, revision, window_start, threshold) in ${rows(firings, {
      ...counterKeyColumns,
      threshold: ['numeric', ({ threshold }) => threshold],
    })}`)
}

/** Stores crossed thresholds, each once, even if a level has crossed it twice. */
export async function saveCrossed(
  tx: Tx,
  firings: readonly ThresholdCrossing[],
  now: Instant,
): Promise<void> {
  if (firings.length === 0) return
  await tx.execute(sql`
    insert into fired_thresholds (customer_key, assignment_key, revision, window_start, threshold,
      environment_key, fired_at)
    select customer_key, assignment_key, revision, window_start, threshold, environment_key,
      ${instantToWire(now)}::timestamptz
    from ${rows(firings, {
      ...counterKeyColumns,
      threshold: ['numeric', ({ threshold }) => threshold],
      environment_key: ['uuid', ({ environmentKey }) => environmentKey],
    })} as firing
    on conflict do nothing`)
}
