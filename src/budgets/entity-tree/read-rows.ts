import type { Reader } from '../../db/index.ts'
import { findPositions, type HierarchyPosition } from '../../entities/index.ts'
import { required } from '../../kernel/assert.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { CapabilityWithId } from '../read-capabilities.ts'
import { findCounted, type Standings, standingOf, tightestOf } from '../standings/index.ts'
import { type EntityBudgets, fitting, ofModestSize } from './fit-rows.ts'
import * as store from './row-store.ts'
import type { EntityRow, ListQuery, TreeEntity } from './types.ts'

/** Which entities to read, and what of them. */
export type RowsQuery = Pick<ListQuery, 'capabilities' | 'scope' | 'includeArchived'> & {
  customerKey: Uuid
  keys: readonly Uuid[]
  now: Instant
}

type BudgetsByEntity = {
  own: ReadonlyMap<Uuid, store.OwnBudget[]>
  above: ReadonlyMap<Uuid, store.AncestorBudget[]>
}

/**
 * Returns entities with their budgets, in the order of the keys. Ends early if the rows could
 * exceed the byte limit of a page as JSON, but there is at least one.
 */
export async function readRows(reader: Reader, query: RowsQuery): Promise<EntityRow[]> {
  const { customerKey, capabilities, now } = query
  const entities = await store.findTreeEntities(reader, customerKey, query)
  const budgets = await budgetsOf(reader, query, entities)
  const budgetsOfEntity = ({ key }: TreeEntity): EntityBudgets => ({
    own: budgets.own.get(key) ?? [],
    above: budgets.above.get(key) ?? [],
  })
  const shown = fitting(entities, capabilities.length, budgetsOfEntity)
  const assignmentKeys = shown.flatMap((entity) => {
    const { own, above } = budgetsOfEntity(entity)
    return [...own, ...above].map(({ assignmentKey }) => assignmentKey)
  })
  const keys = [...new Set(assignmentKeys)].map((key) => ({ customerKey, assignmentKey: key }))
  const counted = await findCounted(reader, { keys, now })
  const byKey = new Map(capabilities.map((each) => [each.key, each]))
  const standings = new Map(
    counted.map((each) => {
      const { transformation } = required(byKey.get(each.capabilityKey), 'what is budgeted')
      return [each.assignmentKey, standingOf(each, { transformation, now })]
    }),
  )
  return shown.map((entity) => rowOf(entity, capabilities, budgetsOfEntity(entity), standings))
}

async function budgetsOf(
  reader: Reader,
  { customerKey, capabilities, scope }: RowsQuery,
  entities: readonly TreeEntity[],
): Promise<BudgetsByEntity> {
  if (capabilities.length === 0) return { own: new Map(), above: new Map() }
  const capabilityKeys = capabilities.map(({ key }) => key)
  const ids = entities.map(({ id }) => id)
  const entityKeys = entities.map(({ key }) => key)
  const [own, positions] = await Promise.all([
    store.findOwnBudgets(reader, customerKey, { entityKeys, capabilityKeys, scope }),
    findPositions(reader, customerKey, ids),
  ])
  const ancestors = ancestorsOf(entityKeys, positions)
  const above = await store.findAncestorBudgets(reader, customerKey, { ancestors, capabilityKeys })
  return {
    own: Map.groupBy(ofModestSize(own), ({ entityKey }) => entityKey),
    above: Map.groupBy(above, ({ entityKey }) => entityKey),
  }
}

/**
 * Returns the active entities above each entity, the nearest first. The budgets of archived ones do
 * not apply, but those above them do.
 */
function ancestorsOf(
  entityKeys: readonly Uuid[],
  positions: readonly HierarchyPosition[],
): store.Ancestor[] {
  const byKey = new Map(positions.map((each) => [each.key, each]))
  return entityKeys.flatMap((entityKey) => {
    const path = pathOf(entityKey, byKey)
    const keys = path.map(({ key }) => key)
    return path
      .slice(1)
      .filter(({ archivedAt }) => archivedAt === null)
      .map(({ key }) => ({ entityKey, ancestorKey: key, path: keys }))
  })
}

/** Returns an entity and all entities above it. Stops at a repeated one. */
export function pathOf(
  entityKey: Uuid,
  byKey: ReadonlyMap<Uuid, HierarchyPosition>,
): HierarchyPosition[] {
  const path = new Set<HierarchyPosition>()
  for (let next: Uuid | null = entityKey; next !== null; ) {
    const position: HierarchyPosition | undefined = byKey.get(next)
    if (position === undefined || path.has(position)) break
    path.add(position)
    next = position.parentKey
  }
  return [...path]
}

function rowOf(
  entity: TreeEntity,
  capabilities: readonly CapabilityWithId[],
  { own, above }: EntityBudgets,
  standings: Standings,
): EntityRow {
  const standingsOf = (found: readonly { assignmentKey: Uuid }[]) =>
    found.flatMap(({ assignmentKey }) => standings.get(assignmentKey) ?? [])
  return {
    ...entity,
    capabilities: capabilities.map((capability) => {
      const isOfIt = ({ capabilityKey }: { capabilityKey: Uuid }) =>
        capabilityKey === capability.key
      const budgets = own.filter(isOfIt)
      return {
        capability,
        budgets: standingsOf(budgets),
        budgetCount: budgets[0]?.count ?? 0,
        tightestAncestor: tightestOf(standingsOf(above.filter(isOfIt))),
      }
    }),
  }
}
