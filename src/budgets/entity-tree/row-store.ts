import { column, nothing, numberedRows, type Reader, row, type Sql, sql } from '../../db/index.ts'
import type { Uuid } from '../../kernel/ids.ts'
import { NO_SCOPE } from '../budget-store.ts'
import { leadsToActive } from './list-store.ts'
import type { TreeEntity } from './types.ts'

const entityRow = row<TreeEntity>({
  key: column.from('entity_key', column.uuid),
  id: column.text,
  typeId: column.text,
  displayName: column.nullable(column.text),
  parentId: column.nullable(column.text),
  createdAt: column.instant,
  archivedAt: column.nullable(column.instant),
  childCount: column.integer,
})

/** Returns entities by their keys, in the order of the keys, with the number of their children. */
export const findTreeEntities = (
  reader: Reader,
  customerKey: Uuid,
  { keys, includeArchived }: { keys: readonly Uuid[]; includeArchived: boolean },
): Promise<TreeEntity[]> =>
  reader.many(
    entityRow,
    sql`
    select e.entity_key, e.id, t.id as type_id, e.display_name, p.id as parent_id, e.created_at,
      e.archived_at, children.child_count
    from unnest((select ${keys}::uuid[])) with ordinality as asked (key, place)
      cross join lateral (
        select * from entities of
        where of.customer_key = ${customerKey}::uuid and of.entity_key = asked.key limit 1
      ) e
      cross join lateral (
        select of.id from entity_types of where of.entity_type_key = e.entity_type_key limit 1) t
      left join lateral (
        select of.id from entities of
        where of.customer_key = ${customerKey}::uuid and of.entity_key = e.parent_key limit 1
      ) p on true
      cross join lateral (
        select count(*) as child_count from (
          select * from entities child
          where child.customer_key = ${customerKey}::uuid and child.parent_key = e.entity_key
          offset 0
        ) as child
        ${includeArchived ? nothing : sql`where ${leadsToActive(customerKey, sql`child`)}`}
      ) children
    order by asked.place`,
  )

/** How many budgets of an entity and a capability are shown, and how many are counted. */
const BUDGETS_SHOWN = 10
const BUDGETS_COUNTED = 1000

const budgetRow = row({
  entityKey: column.uuid,
  capabilityKey: column.uuid,
  assignmentKey: column.uuid,
  scopeSize: column.integer,
  count: column.integer,
})

/** A budget of an entity, and how many of the same capability the entity has. */
export type OwnBudget = ReturnType<typeof budgetRow>

const NODE_WIDE_OR_NOT: Readonly<Record<'all' | 'nodeWide' | 'scoped', Sql>> = {
  all: nothing,
  nodeWide: sql`and of.scope_head = ${NO_SCOPE}::uuid`,
  scoped: sql`and of.scope_head > ${NO_SCOPE}::uuid`,
}

/**
 * Returns the first budgets of each entity and capability. Those without a scope come first,
 * because their `scope_head` is the least.
 */
export const findOwnBudgets = (
  reader: Reader,
  customerKey: Uuid,
  of: {
    entityKeys: readonly Uuid[]
    capabilityKeys: readonly Uuid[]
    scope: 'all' | 'nodeWide' | 'scoped'
  },
): Promise<OwnBudget[]> => {
  return reader.many(
    budgetRow,
    sql`
    select asked.entity_key, capability.key as capability_key, a.assignment_key,
      cardinality(a.scope_keys) as scope_size, a.count
    from unnest((select ${of.entityKeys}::uuid[])) as asked (entity_key)
      cross join unnest((select ${of.capabilityKeys}::uuid[])) as capability (key)
      cross join lateral (
        select first.*, count(*) over () as count
        from (
          select of.assignment_key, of.scope_head, of.scope_keys from assignments of
          where of.customer_key = ${customerKey}::uuid and of.entity_key = asked.entity_key
            and of.capability_key = capability.key ${NODE_WIDE_OR_NOT[of.scope]}
          order by of.scope_head, of.scope_keys limit ${BUDGETS_COUNTED}::integer
        ) as first
        order by first.scope_head, first.scope_keys limit ${BUDGETS_SHOWN}::integer
      ) a
    order by asked.entity_key, capability.key, a.scope_head, a.scope_keys`,
  )
}

/** An entity above another one, and the path of the latter: itself and all entities above it. */
export type Ancestor = { entityKey: Uuid; ancestorKey: Uuid; path: readonly Uuid[] }

const ancestorRow = row({
  entityKey: column.uuid,
  capabilityKey: column.uuid,
  assignmentKey: column.uuid,
  scopeSize: column.integer,
})

/** A budget of an entity above another one. */
export type AncestorBudget = ReturnType<typeof ancestorRow>

/**
 * Returns the budgets of entities above others that apply to all usage of the latter: their scope
 * is within the path. The ancestors of an entity must be in the order of its path; so are the
 * budgets.
 */
export async function findAncestorBudgets(
  reader: Reader,
  customerKey: Uuid,
  of: { ancestors: readonly Ancestor[]; capabilityKeys: readonly Uuid[] },
): Promise<AncestorBudget[]> {
  if (of.ancestors.length === 0 || of.capabilityKeys.length === 0) return []
  return reader.many(
    ancestorRow,
    sql`
    select asked.entity_key, capability.key as capability_key, a.assignment_key, a.scope_size
    from ${numberedRows(of.ancestors, {
      entity_key: ['uuid', ({ entityKey }) => entityKey],
      ancestor_key: ['uuid', ({ ancestorKey }) => ancestorKey],
      path: ['uuid[]', ({ path }) => path],
    })} as asked
      cross join unnest((select ${of.capabilityKeys}::uuid[])) as capability (key)
      cross join lateral unnest(asked.path || ${NO_SCOPE}::uuid) as head (key)
      cross join lateral (
        select of.assignment_key, cardinality(of.scope_keys) as scope_size from assignments of
        where of.customer_key = ${customerKey}::uuid and of.entity_key = asked.ancestor_key
          and of.capability_key = capability.key and of.scope_head = head.key
          and of.scope_keys <@ asked.path
        offset 0
      ) a
    order by asked.position, a.assignment_key`,
  )
}
