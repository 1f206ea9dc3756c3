import type { DemoData } from '../demo-data.ts'

/** The amount of a request in whole tokens, and its dimensions. */
export type RandomRequest = { amount: number; dimensions: Record<string, string> }

/**
 * The values from which requests are drawn. A request has one actor, such as a user or an agent,
 * and one value of each axis, such as a model and a region. `actors` has a list for each type. In
 * each list the busiest come first.
 */
export type TrafficModel = {
  actors: readonly (readonly Dimension[])[]
  axes: readonly (readonly Dimension[])[]
}
type Dimension = readonly [key: string, entityId: string]

const MIN_TOKENS = 200
const MAX_TOKENS = 8000

/**
 * Returns the traffic model for the budgets of a customer. The actors are the entities with a
 * budget that are no parents. The axes are the entities in the scopes of budgets, here models and
 * regions.
 */
export function trafficModelOf(data: DemoData, customerId: string): TrafficModel {
  const budgets = data.budgets.find((each) => each.customerId === customerId)?.budgets ?? []
  const entities = data.entities.find((each) => each.customerId === customerId)?.entities ?? []
  const parents = new Set(budgets.map(({ parentId }) => parentId))
  const inScopes = new Set(budgets.flatMap(({ scopeEntityIds }) => scopeEntityIds ?? []))
  const leaves = new Set(budgets.map(({ entityId }) => entityId).filter((id) => !parents.has(id)))
  const byType = (ids: ReadonlySet<string>) =>
    data.entityTypes
      .map(({ id: typeId, attributionKeys: [key = typeId] }) =>
        entities
          .filter(({ id, entityTypeId }) => entityTypeId === typeId && ids.has(id))
          .map(({ id }): Dimension => [key, id]),
      )
      .filter((dimensions) => dimensions.length > 0)
  return { actors: byType(leaves), axes: byType(inScopes) }
}

/**
 * Yields random requests without end. The same seed yields the same requests. Each type of actor
 * occurs equally often. Within a type, and on each axis, the first quarter of the values occurs in
 * half of the requests. Small amounts are more frequent than large ones.
 */
export function* drawRequests(
  { actors, axes }: TrafficModel,
  seed: number,
): Generator<RandomRequest, never> {
  const next = numbersFrom(seed)
  for (;;) {
    const type = actors[Math.floor(next() * actors.length)] ?? []
    const dimensions = [type, ...axes].flatMap((values) => {
      const value = values[Math.floor(next() ** 2 * values.length)]
      return value === undefined ? [] : [value]
    })
    const amount = Math.round(MIN_TOKENS * (MAX_TOKENS / MIN_TOKENS) ** next())
    yield { amount, dimensions: Object.fromEntries(dimensions) }
  }
}

/** Returns a generator of uniformly distributed numbers from 0 (inclusive) to 1 (mulberry32). */
function numbersFrom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    const once = Math.imul(state ^ (state >>> 15), state | 1)
    const twice = once ^ (once + Math.imul(once ^ (once >>> 7), once | 61))
    return ((twice ^ (twice >>> 14)) >>> 0) / 2 ** 32
  }
}
