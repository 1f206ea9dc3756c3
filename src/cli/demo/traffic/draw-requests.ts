import type { DemoData } from '../demo-data.ts'

/** What one request asks for: whole tokens, and whom they count for. */
export type Drawn = { amount: number; dimensions: Record<string, string> }

/** Who asks, by type, and what a request says besides: one of each axis. The busiest first. */
export type Cast = { actors: readonly (readonly Part[])[]; axes: readonly (readonly Part[])[] }
/** A dimension and its value. */
type Part = readonly [key: string, entityId: string]

const LEAST_TOKENS = 200
const MOST_TOKENS = 8000

/**
 * The cast that the budgets of a customer make: entities that are nobody's parent ask, and the
 * entities that scopes name are the axes, here models and regions.
 */
export function castOf(data: DemoData, customerId: string): Cast {
  const budgets = data.budgets.find((each) => each.customerId === customerId)?.budgets ?? []
  const entities = data.entities.find((each) => each.customerId === customerId)?.entities ?? []
  const parents = new Set(budgets.map(({ parentId }) => parentId))
  const named = new Set(budgets.flatMap(({ scopeEntityIds }) => scopeEntityIds ?? []))
  const asking = new Set(budgets.map(({ entityId }) => entityId).filter((id) => !parents.has(id)))
  const byType = (ids: ReadonlySet<string>) =>
    data.entityTypes
      .map(({ id: typeId, attributionKeys: [key = typeId] }) =>
        entities
          .filter(({ id, entityTypeId }) => entityTypeId === typeId && ids.has(id))
          .map(({ id }): Part => [key, id]),
      )
      .filter((parts) => parts.length > 0)
  return { actors: byType(asking), axes: byType(named) }
}

/**
 * Requests without end; the same seed gives the same ones. Each type of actor asks equally often,
 * and within a type, as on every axis, few do most: the first quarter makes half of all requests.
 * Small amounts are more frequent than large ones.
 */
export function* drawRequests({ actors, axes }: Cast, seed: number): Generator<Drawn, never> {
  const next = numbersFrom(seed)
  for (;;) {
    const type = actors[Math.floor(next() * actors.length)] ?? []
    const parts = [type, ...axes].flatMap((items) => {
      const part = items[Math.floor(next() ** 2 * items.length)]
      return part === undefined ? [] : [part]
    })
    const amount = Math.round(LEAST_TOKENS * (MOST_TOKENS / LEAST_TOKENS) ** next())
    yield { amount, dimensions: Object.fromEntries(parts) }
  }
}

/** Numbers from 0 to below 1, evenly spread (mulberry32). */
function numbersFrom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    const once = Math.imul(state ^ (state >>> 15), state | 1)
    const twice = once ^ (once + Math.imul(once ^ (once >>> 7), once | 61))
    return ((twice ^ (twice >>> 14)) >>> 0) / 2 ** 32
  }
}
