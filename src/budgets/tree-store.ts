import { column, nothing, type Reader, row, type Sql, sql } from '../db/index.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import { type Quantity, quantityToSql } from '../kernel/quantity.ts'
import { currentUsage, type UsageUnits } from './current-usage.ts'
import type { TreeCursor } from './tree-cursor.ts'
import type { TreeRow } from './types.ts'

export type TreeSort =
  | 'utilization'
  | 'currentUsage'
  | 'usageLimit'
  | 'scopeSize'
  | 'id'
  | 'createdAt'

/** Which entities to return in which order. Null values do not filter. */
export type TreePage = {
  customerKey: Uuid
  typeIds: readonly string[] | null
  /** Case-folded. */
  search: string | null
  sortBy: TreeSort
  order: 'asc' | 'desc'
  after: TreeCursor | null
  limit: number
}

/** Which budgets to return. */
export type BudgetsPage = TreePage & {
  capabilities: readonly UsageUnits[]
  scope: 'all' | 'nodeWide' | 'scoped'
  minUtilization: Quantity | null
  now: Instant
}

const entityFields = {
  key: column.uuid,
  entityId: column.text,
  entityTypeId: column.text,
  displayName: column.nullable(column.text),
  parentId: column.nullable(column.text),
}
const entityRow = row(entityFields)

/** Returns one row more than the page has, which shows whether another page follows. */
export async function listTreeEntities(reader: Reader, page: TreePage): Promise<TreeRow[]> {
  const { sortBy, customerKey } = page
  const order = { ...page, sortBy: sortBy === 'createdAt' ? sortBy : ('id' as const) }
  const found = await reader.many(
    entityRow,
    sql`
    select node.key, node.entity_id, node.entity_type_id, node.display_name, p.id as parent_id
    from (
      select * from (
        select e.entity_key as key, e.id as entity_id, t.id as entity_type_id, e.display_name,
          e.parent_key
        from entities e ${typeOfActive(page)}
        where e.customer_key = ${customerKey}::uuid ${isSought(page)}
      ) as entity
      ${pageOf(
        order,
        sql`
        select id from entities
        where customer_key = ${customerKey}::uuid
          and entity_key = ${page.after?.key ?? null}::uuid`,
      )}
    ) as node
      ${parentOfNode(customerKey)}
    order by ${orderOf(order)}`,
  )
  return found.map((each) => ({ ...each, sortValue: null, budget: null }))
}

const budgetRow = row({
  ...entityFields,
  sortValue: column.nullable(column.text),
  budget: column.group(
    row({
      capabilityKey: column.uuid,
      scopeEntityIds: column.from('scope', column.json<string[]>()),
      usageLimit: column.nullable(column.quantity),
      currentUsage: column.from('usage', column.quantity),
      utilization: column.nullable(column.quantity),
      cadence: column.text,
      isLevel: column.boolean,
      createdAt: column.instant,
    }),
  ),
})

/**
 * Returns budgets with their current usage, also one row more than the page has. An order by id or
 * by creation reads one page per capability, along an index with this order. Any other order, and
 * filters by usage, read all budgets of the capabilities.
 */
export async function listTreeBudgets(reader: Reader, page: BudgetsPage): Promise<TreeRow[]> {
  const { customerKey, after } = page
  const cursorId = sql`
    select e.id from assignments a
      join entities e on e.customer_key = a.customer_key and e.entity_key = a.entity_key
    where a.customer_key = ${customerKey}::uuid
      and a.assignment_key = ${after?.key ?? null}::uuid`
  return reader.many(
    budgetRow,
    sql`
    select node.*, p.id as parent_id, to_json(array(
        select s.id from entities s
        where s.customer_key = ${customerKey}::uuid and s.entity_key = any(node.scope_keys)
        order by s.id)) as scope
    from (
      select budget.*
      from unnest(${page.capabilities.map(({ key }) => key)}::text[]) as asked (capability)
        cross join lateral (
          select * from (${budgetsWithUsage(page)}) as budget ${pageOf(page, cursorId)}
        ) as budget
      order by ${orderOf(page)} limit ${page.limit + 1}::integer
    ) as node
      ${parentOfNode(customerKey)}
    order by ${orderOf(page)}`,
  )
}

/**
 * The type `t` of the entity `e`, if the entity is active and of a requested type. These conditions
 * are in a lateral look-up; otherwise a planner without statistics may read all active entities.
 */
const typeOfActive = ({ typeIds }: TreePage): Sql => sql`
  cross join lateral (
    select of.id from entity_types of
    where of.entity_type_key = e.entity_type_key and e.archived_at is null
      ${typeIds === null ? nothing : sql`and of.id = any(${typeIds}::text[])`}
    limit 1) t`

const parentOfNode = (customerKey: Uuid): Sql => sql`
  left join lateral (
    select of.id from entities of
    where of.customer_key = ${customerKey}::uuid and of.entity_key = node.parent_key limit 1
  ) p on true`

/**
 * The budgets `a` of the requested capability, each with its entity `e`. If rows are ordered by id,
 * the entities are read first, along their index. So the statement stops after one page of them.
 */
function budgetsOfEntities({ customerKey, sortBy }: BudgetsPage): Sql {
  if (sortBy === 'id')
    return sql`
      (select * from entities where customer_key = ${customerKey}::uuid) e
      cross join lateral (
        select * from assignments of
        where of.customer_key = ${customerKey}::uuid and of.entity_key = e.entity_key
          and of.capability_key = asked.capability::uuid
        offset 0
      ) a`
  return sql`
    (select * from assignments
      where customer_key = ${customerKey}::uuid and capability_key::text = asked.capability) a
    cross join lateral (
      select * from entities of
      where of.customer_key = ${customerKey}::uuid and of.entity_key = a.entity_key limit 1
    ) e`
}

/** Budgets with their limit and the displayed usage, in the units of the limit. */
function budgetsWithUsage(page: BudgetsPage): Sql {
  const { capabilities, customerKey, minUtilization: least, now } = page
  return sql`
    select a.assignment_key as key, e.id as entity_id, t.id as entity_type_id, e.display_name,
      e.parent_key, a.capability_key, a.scope_keys, a.usage_limit, units.usage, used.utilization,
      a.cadence, a.is_level, a.created_at, ${SORT_VALUES[page.sortBy]} as sort_value
    from ${budgetsOfEntities(page)}
      ${typeOfActive(page)}
      ${currentUsage({ customerKey, capabilities, now })}
    where true ${isSought(page)} ${SCOPES[page.scope]}
      ${least === null ? nothing : sql`and used.utilization >= ${quantityToSql(least)}::numeric`}`
}

/** Conditions on the scope of the budget `a`. */
export const SCOPES: Readonly<Record<BudgetsPage['scope'], Sql>> = {
  all: nothing,
  nodeWide: sql`and a.scope_keys = '{}'`,
  scoped: sql`and a.scope_keys <> '{}'`,
}

/**
 * The value by which rows are ordered, before their keys. It is null for the orders by id and by
 * creation, because the row already contains the id and the key.
 */
const SORT_VALUES: Readonly<Record<TreeSort, Sql>> = {
  utilization: sql`used.utilization`,
  currentUsage: sql`units.usage`,
  usageLimit: sql`a.usage_limit`,
  scopeSize: sql`cardinality(a.scope_keys)::numeric`,
  id: sql`null::numeric`,
  createdAt: sql`null::numeric`,
}

/**
 * Whether the id or name of the entity `e` contains the text. Names that an older version wrote are
 * not case-folded yet.
 */
export const isSought = ({ search }: Pick<TreePage, 'search'>): Sql =>
  search === null
    ? nothing
    : sql`and (
        position(${search}::text in lower(e.id)) > 0
        or position(${search}::text in coalesce(e.folded_name, lower(e.display_name))) > 0)`

type Order = Pick<TreePage, 'sortBy' | 'order' | 'after' | 'limit'>

const isAscending = ({ order }: Order): boolean => order === 'asc'

/**
 * The key comes last, so no two rows are equal. Rows without a value are last in both directions.
 */
function orderOf(page: Order): Sql {
  const direction = isAscending(page) ? sql`asc` : sql`desc`
  if (page.sortBy === 'createdAt') return sql`key ${direction}`
  if (page.sortBy === 'id') return sql`entity_id ${direction}, key ${direction}`
  return sql`sort_value ${direction} nulls last, key ${direction}`
}

/**
 * The rows after the cursor, one more than the page has. `cursorId` is the entity's id in the
 * cursor.
 */
function pageOf(page: Order, cursorId: Sql): Sql {
  const from = page.after === null ? nothing : sql`where ${isBeyond(page, page.after, cursorId)}`
  return sql`${from} order by ${orderOf(page)} limit ${page.limit + 1}::integer`
}

function isBeyond(page: Order, { key, value }: TreeCursor, cursorId: Sql): Sql {
  const beyond = isAscending(page) ? sql`>` : sql`<`
  if (page.sortBy === 'createdAt') return sql`key ${beyond} ${key}::uuid`
  if (page.sortBy === 'id') return sql`(entity_id, key) ${beyond} ((${cursorId}), ${key}::uuid)`
  if (value === null) return sql`sort_value is null and key ${beyond} ${key}::uuid`
  return sql`(sort_value, key) ${beyond} (${value}::numeric, ${key}::uuid) or sort_value is null`
}
