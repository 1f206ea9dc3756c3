import type { HierarchyPosition, Wish } from '../entities/index.ts'
import { required } from '../kernel/assert.ts'
import { badInput } from '../kernel/errors.ts'
import type { Found } from './find-capabilities.ts'
import type { AssignmentInput } from './types.ts'
import type { AssignmentName } from './upsert-budget.ts'

/** A row of a request with what its ids mean. */
export type Row = {
  input: AssignmentInput
  capability: Found
  entity: HierarchyPosition
  scope: readonly HierarchyPosition[]
  /** Absent keeps the entity's parent, null makes it a root. */
  parent?: HierarchyPosition | null
}

/** Refuses (400) two rows for one budget: which of them should win is unknowable. */
export function refuseSameBudgets(inputs: readonly AssignmentInput[]): void {
  const first = new Map<string, AssignmentInput>()
  for (const input of inputs) {
    const { where, entityId, capability, scopeEntityIds } = input
    // No id holds a space.
    const name = [capability.kind, capability.id, entityId, ...scopeEntityIds].join(' ')
    const same = first.get(name)
    if (same !== undefined) throw badInput(`${where}: ${same.where} is about the same budget`)
    first.set(name, input)
  }
}

/** All entities that rows name. */
export const namedEntities = (inputs: readonly AssignmentInput[]): string[] => [
  ...new Set(
    inputs.flatMap(({ entityId, parentId, scopeEntityIds }) =>
      parentId ? [entityId, parentId, ...scopeEntityIds] : [entityId, ...scopeEntityIds],
    ),
  ),
]

/** The rows with their entities. 400 for an id that no entity of the customer has. */
export const rowsOf = (
  inputs: readonly AssignmentInput[],
  capabilities: readonly Found[],
  places: readonly HierarchyPosition[],
): Row[] => {
  const byId = new Map(places.map((place) => [place.id, place]))
  return inputs.map((input, index) => {
    const placeOf = (id: string, field: string): HierarchyPosition => {
      const place = byId.get(id)
      if (place === undefined)
        throw badInput(`${input.where}: ${field}: the customer has no entity ${id}`)
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

/** The name of the budget that a row is about. */
export const nameOf = ({ entity, capability, scope }: Row): AssignmentName => ({
  entityKey: entity.key,
  entityId: entity.id,
  capability: { kind: capability.kind, key: capability.key },
  scope: scope.map(({ key, id }) => ({ key, id })),
})

/** What a row says of its entity's place. */
export const wishOf = ({ input, entity, parent }: Row): Wish => ({
  where: input.where,
  entityKey: entity.key,
  ...(parent === undefined ? {} : { parentKey: parent?.key ?? null }),
})

/**
 * Refuses (400 `EntityIsArchivedError`) what a row leans on anew although it is archived: anything
 * that a new budget names, and an entity or a parent where the parent changes. What was so before
 * may be sent again.
 */
export function refuseArchived(row: Row, isNew: boolean): void {
  const { input, capability, entity, scope, parent } = row
  const moves = parent !== undefined && (parent?.key ?? null) !== entity.parentKey
  const leaning = [
    ...(isNew || moves ? [entity] : []),
    ...(isNew ? scope : []),
    ...(moves && parent !== null ? [parent] : []),
  ]
  const archived = leaning.find(({ archivedAt }) => archivedAt !== null)
  if (archived !== undefined)
    throw badInput(`${input.where}: the entity ${archived.id} is archived`, 'EntityIsArchivedError')
  if (isNew && capability.isArchived)
    throw badInput(
      `${input.where}: the ${capability.kind} ${input.capability.id} is archived`,
      'EntityIsArchivedError',
    )
}
