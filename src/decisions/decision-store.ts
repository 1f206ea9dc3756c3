import type { DecisionRequest, EntitlementExplanation } from '../api.gen.ts'
import {
  column,
  columnsOf,
  pageReader,
  type Reader,
  readValue,
  row,
  rows,
  rowWriter,
  type Sql,
  sql,
  type Tx,
} from '../db/index.ts'
import { PURGE_STEP_ROWS } from '../jobs/index.ts'
import type { Instant } from '../kernel/clock.ts'
import type { CreatedRange } from '../kernel/created-range.ts'
import { firstKeyAt, type Uuid } from '../kernel/ids.ts'
import type { PageRequest } from '../kernel/page.ts'
import type { Scope } from '../kernel/scope.ts'
import type { QueueEntry } from './queue-denials.ts'
import {
  DECISION_KINDS,
  type DecisionKind,
  type Denial,
  REASONS,
  type StoredDecision,
} from './types.ts'

/** A denial that is ready to be written. */
export type NewDecision = Omit<QueueEntry, 'denial'> & {
  key: Uuid
  /** The key of the environment if the customer does not exist. */
  customerKey: Uuid
  denial: Denial
  entityIds: readonly string[]
  budgetKeys: readonly Uuid[]
  /** JSON; null if it is too large. */
  request: string | null
  explanation: string | null
}

/** Denials that were written before and have occurred again. */
export type RepeatedDenial = Pick<QueueEntry, 'mergeKey' | 'count' | 'lastAt'> & {
  customerKey: Uuid
}

const COUNTED_ON = sql`count = known.count + excluded.count,
  last_at = greatest(known.last_at, excluded.last_at)`

/**
 * Writes denials. If another server has written the same denial in the same minute, only its count
 * grows, and its explanation stays.
 */
export const saveDecisions = rowWriter<null, NewDecision>(
  (_, decisions) => sql`
    insert into decisions as known (customer_key, decision_key, environment_key, merge_key, kind,
      customer_id, resource_id, capability_kind, capability_id, reason, entity_id, entity_ids,
      budget_keys, count, last_at, actor_kind, actor_id, trace_id, request, explanation)
    select * from ${rows(decisions, {
      customer_key: ['uuid', ({ customerKey }) => customerKey],
      decision_key: ['uuid', ({ key }) => key],
      environment_key: ['uuid', ({ scope }) => scope.environmentKey],
      merge_key: ['uuid', ({ mergeKey }) => mergeKey],
      kind: ['text', ({ kind }) => kind],
      customer_id: ['text', ({ denial }) => denial.customerId],
      resource_id: ['text', ({ denial }) => denial.resourceId],
      capability_kind: ['text', ({ denial }) => denial.capability.kind],
      capability_id: ['text', ({ denial }) => denial.capability.id],
      reason: ['text', ({ denial }) => denial.reason],
      entity_id: ['text', ({ denial }) => denial.entityId],
      entity_ids: ['text[]', ({ entityIds }) => entityIds],
      budget_keys: ['uuid[]', ({ budgetKeys }) => budgetKeys],
      count: ['bigint', ({ count }) => count],
      last_at: ['timestamptz', ({ lastAt }) => lastAt],
      actor_kind: ['text', ({ origin }) => origin.actor.kind],
      actor_id: ['text', ({ origin }) => origin.actor.id],
      trace_id: ['text', ({ origin }) => origin.traceId],
      request: ['jsonb', ({ request }) => request],
      explanation: ['jsonb', ({ explanation }) => explanation],
    })} as each
    on conflict (customer_key, merge_key) do update set ${COUNTED_ON}`,
)

const repeatedColumns = columnsOf<RepeatedDenial>({
  customerKey: 'uuid',
  mergeKey: 'uuid',
  count: 'bigint',
  lastAt: 'timestamptz',
})

/** Adds to the counts of denials. A denial that was deleted meanwhile is left out. */
export const countRepeated = rowWriter<null, RepeatedDenial>(
  (_, repeated) => sql`
    update decisions known
    set count = known.count + each.count, last_at = greatest(known.last_at, each.last_at)
    from ${rows(repeated, repeatedColumns)} as each
    where known.customer_key = each.customer_key and known.merge_key = each.merge_key`,
)

/** Null values do not filter. */
export type DecisionFilter = {
  customerId: string | null
  entityId: string | null
  featureId: string | null
  currencyId: string | null
  budgetKey: Uuid | null
  kinds: readonly DecisionKind[] | null
  reasons: readonly string[] | null
  decided: CreatedRange
  page: PageRequest
}

const COLUMNS = sql`d.decision_key, d.kind, d.customer_id, d.resource_id, d.capability_kind,
  d.capability_id, d.reason, d.entity_id, to_json(d.entity_ids) as entity_ids,
  to_json(d.budget_keys) as budget_keys, d.count, d.last_at, d.actor_kind, d.actor_id, d.trace_id,
  d.request`

const decisionRow = row<StoredDecision>({
  key: column.from('decision_key', column.uuid),
  kind: column.oneOf(...DECISION_KINDS),
  customerId: column.text,
  resourceId: column.nullable(column.text),
  capability: column.group(
    row({
      kind: column.from('capability_kind', column.oneOf('feature', 'currency')),
      id: column.from('capability_id', column.text),
    }),
  ),
  reason: column.oneOf(...REASONS),
  entityId: column.nullable(column.text),
  entityIds: column.json<string[]>(),
  budgetKeys: column.json<Uuid[]>(),
  count: column.integer,
  lastAt: column.instant,
  actor: column.group(
    row({
      kind: column.from('actor_kind', column.oneOf('API_KEY', 'USER', 'CLI', 'SYSTEM')),
      id: column.from('actor_id', column.text),
    }),
  ),
  traceId: column.nullable(column.text),
  request: column.nullable(column.json<DecisionRequest>()),
})

/**
 * Denials of an environment or of one of its customers, newest first. They are bounded in number,
 * so the other filters need no index.
 */
export const listDecisions = pageReader((scope: Scope, filter: DecisionFilter) => ({
  row: decisionRow,
  select: sql`select ${COLUMNS} from decisions d`,
  table: sql`decisions d`,
  of:
    filter.customerId === null
      ? inEnvironment(scope)
      : sql`${inEnvironment(scope)} and d.customer_id = ${filter.customerId}::text`,
  where: [
    filter.entityId === null ? null : sql`${filter.entityId}::text = any(d.entity_ids)`,
    filter.featureId === null ? null : ofCapability('feature', filter.featureId),
    filter.currencyId === null ? null : ofCapability('currency', filter.currencyId),
    filter.budgetKey === null ? null : sql`${filter.budgetKey}::uuid = any(d.budget_keys)`,
    filter.kinds && sql`d.kind = any(${filter.kinds}::text[])`,
    filter.reasons && sql`d.reason = any(${filter.reasons}::text[])`,
  ],
  created: filter.decided,
  large: [sql`request`],
  key: sql`d.decision_key`,
  page: filter.page,
}))

const inEnvironment = ({ environmentKey }: Scope) =>
  sql`d.environment_key = ${environmentKey}::uuid`

const ofCapability = (kind: StoredDecision['capability']['kind'], id: string) =>
  sql`d.capability_kind = ${kind}::text and d.capability_id = ${id}::text`

const explainedRow = row({
  decision: column.group(decisionRow),
  explanation: column.nullable(column.json<EntitlementExplanation>()),
})

export const findDecision = (
  reader: Reader,
  scope: Scope,
  key: Uuid,
): Promise<{ decision: StoredDecision; explanation: EntitlementExplanation | null } | null> =>
  reader.maybeOne(
    explainedRow,
    sql`
    select ${COLUMNS}, d.explanation from decisions d
    where ${inEnvironment(scope)} and d.decision_key = ${key}::uuid`,
  )

/** Returns how many denials an environment has, but at most `most` + 1. */
export const countDecisions = (reader: Reader, scope: Scope, most: number): Promise<number> =>
  readValue(
    reader,
    column.integer,
    sql`
    select count(*) from (
      select from decisions d where ${inEnvironment(scope)} limit ${most + 1}::integer
    ) as found`,
  )

/**
 * Deletes the oldest denials beyond the newest `most`. Returns how many, at most
 * `PURGE_STEP_ROWS`.
 */
export const deleteBeyond = (tx: Tx, scope: Scope, most: number): Promise<number> =>
  deleteThose(
    tx,
    sql`
    select d.customer_key, d.decision_key from decisions d where ${inEnvironment(scope)}
    order by d.decision_key desc offset ${most}::integer limit ${PURGE_STEP_ROWS}::integer`,
  )

/**
 * Deletes denials before an instant, and those after `ahead`, which a server wrote while its clock
 * was ahead. Returns how many, at most `PURGE_STEP_ROWS`.
 */
export const deleteOutside = (
  tx: Tx,
  scope: Scope,
  { before, ahead }: { before: Instant; ahead: Instant },
): Promise<number> =>
  deleteThose(
    tx,
    sql`
    (select d.customer_key, d.decision_key from decisions d
      where ${inEnvironment(scope)} and d.decision_key < ${firstKeyAt(before)}::uuid
      order by d.decision_key limit ${PURGE_STEP_ROWS}::integer)
    union all
    (select d.customer_key, d.decision_key from decisions d
      where ${inEnvironment(scope)} and d.decision_key > ${firstKeyAt(ahead)}::uuid
      order by d.decision_key limit ${PURGE_STEP_ROWS}::integer)`,
  )

const deleteThose = (tx: Tx, keys: Sql): Promise<number> =>
  tx.execute(sql`delete from decisions where (customer_key, decision_key) in (${keys})`)
