import { ENTITY_DEPTH_LIMIT } from '../config.ts'
import { readingInstant } from '../customers/index.ts'
import { column, milliseconds, type Reader, row, rows, type Sql, sql } from '../db/index.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import { quantityFromSql } from '../kernel/quantity.ts'
import type { Scope } from '../kernel/scope.ts'
import { NO_SCOPE } from './budget-store.ts'
import { counterName, type StoredUsage } from './postings.ts'
import type { Budget, Node, Resolution } from './types.ts'

/** The customer and the dimensions of a request, in their order, with their values as text. */
export type ResolutionRequest = {
  scope: Scope
  customerKey: Uuid
  dimensions: readonly (readonly [key: string, value: string])[]
}

type BudgetJson = {
  key: Uuid
  revision: number
  entityKey: Uuid
  entityId: string
  capabilityKey: Uuid
  scope: string[]
  limit: string | null
  cadence: string
  isLevel: boolean
  createdAt: number
  /**
   * The latest counter whose window had begun at the instant of the read. The window contains that
   * instant, or is an earlier one.
   */
  counter: { start: number; usage: string; held: string } | null
}

type NodeJson = [position: number, entityKey: Uuid, entityId: string, isArchived: boolean]

const resolutionRow = row({
  nodes: column.json<NodeJson[]>(),
  budgets: column.json<BudgetJson[]>(),
  unresolved: column.json<string[]>(),
})

/**
 * Returns what the dimensions of requests lead to, in the order of the requests, which may be of
 * any customers: the entities that they name with all ancestors, the budgets that apply, and the
 * counters of these budgets. `capabilityKeys` are the capabilities of all requests. Counters are
 * those of the windows that contain `at`, or the customer's last decision if that was later. One
 * statement reads everything, so everything is of one instant. Its cost grows with the numbers of
 * dimensions, levels and applicable budgets, but not with the size of the customer.
 */
export async function resolve(
  reader: Reader,
  requests: readonly ResolutionRequest[],
  asked: { capabilityKeys: readonly Uuid[]; at: Instant },
): Promise<StoredUsage & { resolutions: Resolution[] }> {
  if (requests.length === 0) return { resolutions: [], counters: new Map(), holds: new Map() }
  const found = await reader.many(
    resolutionRow,
    sql`
    with recursive ${nodesOf(requests, asked.at)},
    path as (
      select request, json_agg(json_build_array(position, entity_key, id, is_archived)
        order by position, level) as nodes
      from node group by request
    ),
    budget as (${budgetsOf(asked.capabilityKeys)}),
    lost as (
      select request, json_agg(key order by position) as unresolved
      from named
      where entity_key is null and exists (
        select from entity_types t
        where t.environment_key = named.environment_key and t.archived_at is null
          and named.key = any(t.attribution_keys))
      group by request
    )
    select coalesce(path.nodes, '[]') as nodes, coalesce(budget.budgets, '[]') as budgets,
      coalesce(lost.unresolved, '[]') as unresolved
    from generate_series(0, (select ${requests.length - 1}::integer)) as asked (request)
      left join path using (request) left join budget using (request) left join lost using (request)
    order by request`,
  )
  return {
    resolutions: found.map(({ nodes, budgets, unresolved }) => ({
      paths: pathsOf(nodes),
      budgets: budgets.map(budgetOf),
      unresolved,
    })),
    ...storedUsageOf(found.flatMap(({ budgets }) => budgets)),
  }
}

/**
 * `named`: the dimensions with the entity that each names, if any. Archived entities and entities
 * of archived types are included; otherwise archiving would be a way around the budgets above them.
 * `node`: these entities and all ancestors. `resolved`: the nodes of each request, which of them
 * are active, and the instant of the read.
 *
 * Single rows are looked up in lateral joins with a limit. Otherwise the planner would read whole
 * tables if there are many dimensions. Arrays are in subqueries, which hide their lengths from the
 * planner. So the generic plan seems to cost no more than a custom one, and PostgreSQL caches it.
 * This matters, because planning takes four times as long as running.
 */
function nodesOf(requests: readonly ResolutionRequest[], at: Instant): Sql {
  const dimensions = requests.flatMap((request, index) =>
    request.dimensions.map(([key, value], position) => ({ request, index, position, key, value })),
  )
  return sql`
    dimension as (
      select * from unnest(
        (select ${dimensions.map(({ index }) => index)}::integer[]),
        (select ${dimensions.map(({ position }) => position)}::integer[]),
        (select ${dimensions.map(({ request }) => request.scope.environmentKey)}::uuid[]),
        (select ${dimensions.map(({ request }) => request.customerKey)}::uuid[]),
        (select ${dimensions.map(({ key }) => key)}::text[]),
        (select ${dimensions.map(({ value }) => value)}::text[])
      ) as dimension (request, position, environment_key, customer_key, key, value)
    ),
    named as (
      select dimension.*, entity.entity_key, entity.id, entity.parent_key, entity.is_archived
      from dimension left join lateral (
        select e.entity_key, e.id, e.parent_key, e.archived_at is not null as is_archived
        from entities e cross join lateral (
          select from entity_types t
          where t.entity_type_key = e.entity_type_key and dimension.key = any(t.attribution_keys)
          offset 0
        ) t
        where e.customer_key = dimension.customer_key and e.id = dimension.value
        limit 1
      ) entity on true
    ),
    node as (
      select request, position, customer_key, 1 as level, entity_key, id, parent_key,
        is_archived, array[entity_key] as path
      from named where entity_key is not null
      union all
      select node.request, node.position, node.customer_key, node.level + 1, above.entity_key,
        above.id, above.parent_key, above.archived_at is not null, node.path || above.entity_key
      from node cross join lateral (
        select e.entity_key, e.id, e.parent_key, e.archived_at from entities e
        where e.customer_key = node.customer_key and e.entity_key = node.parent_key
          and e.entity_key <> all(node.path)
        limit 1
      ) above
      where node.level < ${ENTITY_DEPTH_LIMIT}::integer
    ),
    resolved as (
      select request, customer_key, array_agg(distinct entity_key) as keys,
        array_agg(distinct entity_key) filter (where not is_archived) as active_keys,
        ${readingInstant(sql`node.customer_key`, at)} as read_at
      from node group by request, customer_key
    )`
}

/**
 * For each request, the budgets of its active entities whose scope its entities include. Each
 * possible head of a scope is looked up alone: with `any`, PostgreSQL 15 may filter all budgets of
 * an entity instead.
 */
const budgetsOf = (capabilityKeys: readonly Uuid[]): Sql => sql`
  select resolved.request, json_agg(${budgetJson(sql`(
    select json_build_object('usage', c.usage::text, 'held', c.held::text,
      'start', ${milliseconds(sql`c.window_start`)})
    from budget_counters c
    where c.customer_key = a.customer_key and c.assignment_key = a.assignment_key
      and c.revision = a.revision and c.window_start <= resolved.read_at
    order by c.window_start desc limit 1
  )`)}) as budgets
  from resolved
    cross join lateral unnest(resolved.active_keys) as entity (key)
    cross join unnest((select ${capabilityKeys}::uuid[])) as capability (key)
    cross join lateral unnest(resolved.keys || ${NO_SCOPE}::uuid) as head (key)
    cross join lateral (
      select * from assignments a
      where a.customer_key = resolved.customer_key and a.entity_key = entity.key
        and a.capability_key = capability.key and a.scope_head = head.key
        and a.scope_keys <@ resolved.keys
      offset 0
    ) a
    cross join lateral (
      select e.id from entities e
      where e.customer_key = resolved.customer_key and e.entity_key = entity.key limit 1
    ) e
  group by resolved.request`

/** An SQL expression: the `BudgetJson` of the budget `a` of the entity `e`. */
const budgetJson = (counter: Sql): Sql => sql`
  json_build_object('key', a.assignment_key, 'revision', a.revision, 'entityKey', a.entity_key,
    'entityId', e.id, 'capabilityKey', a.capability_key, 'limit', a.usage_limit::text,
    'cadence', a.cadence, 'isLevel', a.is_level,
    'createdAt', ${milliseconds(sql`a.created_at`)}, 'scope', array(
      select s.id from entities s
      where s.customer_key = a.customer_key and s.entity_key = any(a.scope_keys) order by s.id
    ), 'counter', ${counter})`

const budgetRow = row({ customerKey: column.uuid, budget: column.json<BudgetJson>() })

/** Returns budgets of any customers by their keys, in no particular order. */
export async function findBudgets(
  reader: Reader,
  asked: readonly { customerKey: Uuid; assignmentKey: Uuid }[],
): Promise<(Budget & { customerKey: Uuid })[]> {
  if (asked.length === 0) return []
  const found = await reader.many(
    budgetRow,
    sql`
    select asked.customer_key, ${budgetJson(sql`null`)} as budget
    from ${rows(asked, {
      customer_key: ['uuid', ({ customerKey }) => customerKey],
      assignment_key: ['uuid', ({ assignmentKey }) => assignmentKey],
    })} as asked
      cross join lateral (
        select * from assignments of
        where of.customer_key = asked.customer_key and of.assignment_key = asked.assignment_key
        limit 1) a
      cross join lateral (
        select id from entities of
        where of.customer_key = a.customer_key and of.entity_key = a.entity_key limit 1) e`,
  )
  return found.map(({ customerKey, budget }) => ({
    ...budgetOf(budget),
    customerKey,
  }))
}

/** Returns one path per entity, even if several dimensions named it. */
function pathsOf(nodes: readonly NodeJson[]): Node[][] {
  const byPosition = Map.groupBy(nodes, ([position]) => position)
  const paths = new Map<Uuid, Node[]>()
  for (const path of byPosition.values()) {
    const [first] = path
    if (first === undefined || paths.has(first[1])) continue
    paths.set(
      first[1],
      path.map(([, entityKey, entityId, isArchived]) => ({ entityKey, entityId, isArchived })),
    )
  }
  return [...paths.values()]
}

const budgetOf = (found: BudgetJson): Budget => ({
  assignmentKey: found.key,
  revision: found.revision,
  entityKey: found.entityKey,
  entityId: found.entityId,
  capabilityKey: found.capabilityKey,
  scopeEntityIds: found.scope,
  usageLimit: found.limit === null ? null : quantityFromSql(found.limit),
  cadence: found.cadence,
  isLevel: found.isLevel,
  createdAt: found.createdAt,
})

/**
 * Returns the counters by name. The name contains the start of the window, so the counter of an
 * earlier window is not mistaken for that of the current one.
 */
function storedUsageOf(budgets: readonly BudgetJson[]): StoredUsage {
  const stored = budgets.flatMap(({ key, revision, counter }) =>
    counter === null
      ? []
      : [
          {
            name: counterName({ assignmentKey: key, revision }, { start: counter.start }),
            counter,
          },
        ],
  )
  return {
    counters: new Map(stored.map(({ name, counter }) => [name, quantityFromSql(counter.usage)])),
    holds: new Map(stored.map(({ name, counter }) => [name, quantityFromSql(counter.held)])),
  }
}
