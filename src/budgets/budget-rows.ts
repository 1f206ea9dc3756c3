import type { HierarchyPosition, ParentInput } from '../entities/index.ts'
import { required } from '../kernel/assert.ts'
import { badInput } from '../kernel/errors.ts'
import type { CapabilityState } from './find-capabilities.ts'
import { type AssignmentInput, capabilityField } from './types.ts'
import type { AssignmentName } from './upsert-budget.ts'

/** A row of a request with the objects that its ids refer to. */
export type Row = {
  input: AssignmentInput
  capability: CapabilityState
  entity: HierarchyPosition
  scope: readonly HierarchyPosition[]
  /** Absent keeps the entity's parent, null makes the entity a root. */
  parent?: HierarchyPosition | null
}

/** 400 if two rows are about the same budget, because it cannot be known which of them is meant. */
export function refuseSameBudgets(inputs: readonly AssignmentInput[]): void {
  const first = new Map<string, AssignmentInput>()
  for (const input of inputs) {
    const { where, entityId, capability, scopeEntityIds } = input
    // Ids contain no spaces.
    const name = [capability.kind, capability.id, entityId, ...scopeEntityIds].join(' ')
    const same = first.get(name)
    if (same !== undefined)
      throw badInput(where, `${where}: duplicate budget, also at ${same.where}`)
    first.set(name, input)
  }
}

/** Returns all entities that rows name. */
export const namedEntities = (inputs: readonly AssignmentInput[]): string[] => [
  ...new Set(
    inputs.flatMap(({ entityId, parentId, scopeEntityIds }) =>
      parentId ? [entityId, parentId, ...scopeEntityIds] : [entityId, ...scopeEntityIds],
    ),
  ),
]

/** Returns the rows with their entities. 400 for an unknown entity. */
export const rowsOf = (
  inputs: readonly AssignmentInput[],
  capabilities: readonly CapabilityState[],
  places: readonly HierarchyPosition[],
): Row[] => {
  const byId = new Map(places.map((place) => [place.id, place]))
  return inputs.map((input, index) => {
    const placeOf = (id: string, name: string): HierarchyPosition => {
      const place = byId.get(id)
      const field = input.where.at(name)
      if (place === undefined) throw badInput(field, `${field}: entity ${id} not found`)
      return place
    }
    const { parentId } = input
    return {
      input,
      capability: required(capabilities[index], 'the capability of a row'),
      entity: placeOf(input.entityId, 'entityId'),
      scope: input.scopeEntityIds.map((id) => placeOf(id, 'scopeEntityIds')),
      ...(parentId === undefined
        ? {}
        : { parent: parentId === null ? null : placeOf(parentId, 'parentId') }),
    }
  })
}

/** Returns the name of the budget that a row is about. */
export const nameOf = ({ entity, capability, scope }: Row): AssignmentName => ({
  entityKey: entity.key,
  entityId: entity.id,
  capability: { kind: capability.kind, key: capability.key },
  scope: scope.map(({ key, id }) => ({ key, id })),
})

/** Returns the parent that a row gives to its entity. */
export const parentInputOf = ({ input, entity, parent }: Row): ParentInput => ({
  where: input.where,
  entityKey: entity.key,
  ...(parent === undefined ? {} : { parentKey: parent?.key ?? null }),
})

/**
 * 400 `EntityIsArchivedError` if a row newly refers to something archived: everything that a new
 * budget names, and the entity and its parent if the parent changes. Existing references may be
 * sent again.
 */
export function refuseArchived(row: Row, isNew: boolean): void {
  const { input, capability, entity, scope, parent } = row
  const moves = parent !== undefined && (parent?.key ?? null) !== entity.parentKey
  const leaning: [name: string, entities: readonly HierarchyPosition[]][] = [
    ['entityId', isNew || moves ? [entity] : []],
    ['scopeEntityIds', isNew ? scope : []],
    ['parentId', moves && parent !== null ? [parent] : []],
  ]
  for (const [name, entities] of leaning) {
    const archived = entities.find(({ archivedAt }) => archivedAt !== null)
    if (archived !== undefined)
      throw badInput(
        input.where.at(name),
        `${input.where}: the entity ${archived.id} is archived`,
        'EntityIsArchivedError',
      )
  }
  if (isNew && capability.isArchived)
    throw badInput(
      capabilityField(input),
      `${input.where}: the ${capability.kind} ${input.capability.id} is archived`,
      'EntityIsArchivedError',
    )
}
