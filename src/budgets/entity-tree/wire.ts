import type {
  AncestorStanding,
  EntityPathNode,
  EntityTreeRow,
  EntityCapability as WireCapability,
} from '../../api.gen.ts'
import { instantToWire } from '../../kernel/clock.ts'
import { type Standing, standingToWire } from '../standings/index.ts'
import { capabilityToWire } from '../wire.ts'
import type { PathNode, TreePart } from './queries.ts'
import type { EntityCapability, EntityRow } from './types.ts'

const ancestorToWire = (standing: Standing): AncestorStanding => ({
  entityId: standing.budget.entityId,
  displayName: standing.budget.displayName,
  ...standingToWire(standing),
})

const entityCapabilityToWire = (each: EntityCapability): WireCapability => ({
  ...capabilityToWire(each.capability.kind, each.capability.id),
  budgets: each.budgets.map(standingToWire),
  budgetCount: each.budgetCount,
  tightestAncestor: each.tightestAncestor === null ? null : ancestorToWire(each.tightestAncestor),
})

const rowToWire = (row: EntityRow): EntityTreeRow => ({
  entityId: row.id,
  entityTypeId: row.typeId,
  displayName: row.displayName,
  parentId: row.parentId,
  createdAt: instantToWire(row.createdAt),
  archivedAt: row.archivedAt === null ? null : instantToWire(row.archivedAt),
  childCount: row.childCount,
  capabilities: row.capabilities.map(entityCapabilityToWire),
})

export function treePartToWire({ rows, list, at, asOf }: TreePart) {
  const nextAt = at + rows.length
  return {
    rows: rows.map(rowToWire),
    total: list.total,
    at,
    nextAt: nextAt < list.total ? nextAt : null,
    orderedAt: instantToWire(list.orderedAt),
    asOf: instantToWire(asOf),
  }
}

export const pathNodeToWire = ({ row, place, total }: PathNode): EntityPathNode => ({
  ...rowToWire(row),
  at: place,
  total,
})
