import type { Budget, Capability, Customer, Entity, State } from './state.ts'

/** The maximum number of levels, including the root. */
const MAX_DEPTH = 4

export type Dimensions = Readonly<Record<string, string | number | boolean>>

/**
 * Returns an entity and the entities above it, including archived ones, from the entity to its
 * root. It also ends if they form a cycle.
 */
function climb(customer: Customer, id: string): Entity[] {
  const path: Entity[] = []
  let next = customer.entities.get(id)
  while (next !== undefined && !path.includes(next) && path.length < MAX_DEPTH) {
    path.push(next)
    next = next.parentId === null ? undefined : customer.entities.get(next.parentId)
  }
  return path
}

/**
 * Returns the entities to which usage with these dimensions is attributed: a path for each entity
 * that a dimension names, from the entity to its root, in the order of the dimensions. Archived
 * entities are included.
 */
export function pathsOf(state: State, customer: Customer, dimensions: Dimensions): Entity[][] {
  const direct = new Set<Entity>()
  for (const dimension of Object.entries(dimensions)) {
    const entity = named(state, customer, dimension)
    if (entity !== undefined) direct.add(entity)
  }
  return [...direct].map((entity) => climb(customer, entity.id))
}

type Dimension = readonly [key: string, value: string | number | boolean]

/** Returns the entity that a dimension names: its type has the key. */
function named(state: State, customer: Customer, [key, value]: Dimension): Entity | undefined {
  const entity = customer.entities.get(String(value))
  if (entity === undefined) return undefined
  return state.types.get(entity.typeId)?.attributionKeys.includes(key) ? entity : undefined
}

/** Returns the attribution keys among the dimensions whose values name no entity. */
export function unresolvedIn(state: State, customer: Customer, dimensions: Dimensions): string[] {
  const keys = new Set([...state.types.values()].flatMap((type) => type.attributionKeys))
  return Object.entries(dimensions)
    .filter((each) => keys.has(each[0]) && named(state, customer, each) === undefined)
    .map(([key]) => key)
}

export const idsIn = (paths: readonly Entity[][]): Set<string> =>
  new Set(paths.flat().map(({ id }) => id))

export const isSame = (a: Capability, b: Capability): boolean => a.kind === b.kind && a.id === b.id

/** The capability of usage, and the ids of all entities to which it is attributed. */
export type Attribution = { capability: Capability; resolved: ReadonlySet<string> }

/**
 * Returns the budgets that apply, each once, even if several paths lead to it. Budgets of archived
 * entities do not apply, but a scope may name archived entities.
 */
export function budgetsOf(customer: Customer, { capability, resolved }: Attribution): Budget[] {
  return customer.budgets.filter(
    (budget) =>
      isSame(budget.capability, capability) &&
      resolved.has(budget.entityId) &&
      customer.entities.get(budget.entityId)?.archived === false &&
      budget.scope.every((id) => resolved.has(id)),
  )
}

/** Orders budgets by the number of entities in their scope, then by their ids, by bytes. */
export const byScope = (a: Budget, b: Budget): number =>
  a.scope.length - b.scope.length || compare(a.scope.join(','), b.scope.join(','))

export const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Returns whether an active entity is below, also below archived ones. */
export function hasActiveBelow(customer: Customer, id: string): boolean {
  const below = [...customer.entities.values()].filter((other) => isBelow(customer, other, id))
  return below.some(({ archived }) => !archived)
}

function isBelow(customer: Customer, entity: Entity, id: string): boolean {
  const seen = new Set<string>()
  let parentId = entity.parentId
  while (parentId !== null && !seen.has(parentId)) {
    if (parentId === id) return true
    seen.add(parentId)
    parentId = customer.entities.get(parentId)?.parentId ?? null
  }
  return false
}

/** Returns whether there are no cycles and no entity is below the maximum number of levels. */
export function isTree(customer: Customer): boolean {
  return [...customer.entities.values()].every((entity) => {
    const path = climb(customer, entity.id)
    return path.at(-1)?.parentId === null
  })
}
