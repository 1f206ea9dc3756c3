import type { Budget, Capability, Customer, Entity, State } from './state.ts'

/** Levels of the tree, the root's included. */
const MAX_DEPTH = 4

export type Dimensions = Readonly<Record<string, string | number | boolean>>

/** The entity and those above it, leaf first, archived ones included. Ends in a circle, too. */
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
 * Whom usage with these dimensions is attributed to: one path for each entity that a dimension
 * names, leaf first, in the order of the dimensions, whoever on it is archived.
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

/** The entity that a dimension names: one whose type has the key. */
function named(state: State, customer: Customer, [key, value]: Dimension): Entity | undefined {
  const entity = customer.entities.get(String(value))
  if (entity === undefined) return undefined
  return state.types.get(entity.typeId)?.attributionKeys.includes(key) ? entity : undefined
}

/** The keys of dimensions that some type has, and whose values name nobody of it. */
export function unresolvedIn(state: State, customer: Customer, dimensions: Dimensions): string[] {
  const keys = new Set([...state.types.values()].flatMap((type) => type.attributionKeys))
  return Object.entries(dimensions)
    .filter((each) => keys.has(each[0]) && named(state, customer, each) === undefined)
    .map(([key]) => key)
}

export const idsIn = (paths: readonly Entity[][]): Set<string> =>
  new Set(paths.flat().map(({ id }) => id))

export const isSame = (a: Capability, b: Capability): boolean => a.kind === b.kind && a.id === b.id

/** Who the usage that is asked about or recorded is attributed to, and what it is usage of. */
export type Attribution = { capability: Capability; resolved: ReadonlySet<string> }

/**
 * The budgets that apply: each once, however many paths reach it. Those of archived entities do
 * not, but a scope may name some.
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

/** By how many entities a scope has, then by their ids. Ids are compared by their bytes. */
export const byScope = (a: Budget, b: Budget): number =>
  a.scope.length - b.scope.length || compare(a.scope.join(','), b.scope.join(','))

export const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Whether an active entity lies below, through archived ones too. */
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

/** No entity is above itself, and none is further from its root than the levels allow. */
export function isTree(customer: Customer): boolean {
  return [...customer.entities.values()].every((entity) => {
    const path = climb(customer, entity.id)
    return path.at(-1)?.parentId === null
  })
}
