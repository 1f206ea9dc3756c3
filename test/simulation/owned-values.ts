import type { Random } from '../support/random.ts'

/** For every seventh value, the owner removes its key instead of writing it. */
const REMOVE_EVERY = 7

/**
 * A model of metadata in which every client writes only its own key. It has one cell for each
 * (entity, owner). Each request increases the values of its cells by one.
 */
export type OwnedValues = {
  /**
   * Returns the next values of cells as texts of a patch, and a function that acknowledges them.
   */
  next(owner: string, ids: readonly string[]): { patchOf(id: string): string; done(): void }
  /** Returns the lowest values that may be read from now on: those acknowledged now. */
  bounds(ids: readonly string[]): Map<string, Map<string, number>>
  /** Returns why metadata of an entity is wrong, or null. `since` are earlier `bounds`. */
  complaint(id: string, metadata: Record<string, string>, since: Map<string, number>): string | null
  /** Returns the metadata of an entity after all requests are acknowledged. */
  expected(id: string): Record<string, string>
}

type Cell = { attempted: number; acknowledged: number }

/** Returns the text of a value. Empty for a removal. */
const textOf = (value: number): string => (value % REMOVE_EVERY === 0 ? '' : String(value))

export function createOwnedValues(ids: readonly string[], owners: readonly string[]): OwnedValues {
  const row = () => new Map(owners.map((owner) => [owner, { attempted: 0, acknowledged: 0 }]))
  const cells = new Map<string, Map<string, Cell>>(ids.map((id) => [id, row()]))
  const rowOf = (id: string) => cells.get(id) ?? row()
  const cellOf = (id: string, owner: string) =>
    rowOf(id).get(owner) ?? { attempted: 0, acknowledged: 0 }
  return {
    next: (owner, batch) => {
      const own = new Map(batch.map((id) => [id, cellOf(id, owner)]))
      for (const cell of own.values()) cell.attempted += 1
      return {
        patchOf: (id) => textOf(own.get(id)?.attempted ?? 0),
        done: () => {
          for (const cell of own.values()) cell.acknowledged = cell.attempted
        },
      }
    },
    bounds: (batch) =>
      new Map(
        batch.map((id) => [
          id,
          new Map([...rowOf(id)].map(([owner, cell]) => [owner, cell.acknowledged])),
        ]),
      ),
    complaint: (id, metadata, since) => {
      const foreign = Object.keys(metadata).find((key) => !rowOf(id).has(key))
      if (foreign !== undefined) return `${id} has a key that nobody wrote: ${foreign}`
      for (const [owner, { attempted }] of rowOf(id)) {
        const low = since.get(owner) ?? 0
        if (!isPossible(metadata[owner], low, attempted))
          return `${id}.${owner} is ${metadata[owner]}: acknowledged ${low}, sent ${attempted}`
      }
      return null
    },
    expected: (id) =>
      Object.fromEntries(
        [...rowOf(id)]
          .map(([owner, { acknowledged }]) => [owner, textOf(acknowledged)])
          .filter(([, text]) => text !== ''),
      ),
  }
}

/** Returns whether a text can be that of a cell with a value from `low` to `high`. */
function isPossible(text: string | undefined, low: number, high: number): boolean {
  if (text === undefined) return Math.ceil(low / REMOVE_EVERY) * REMOVE_EVERY <= high
  const value = Number(text)
  return textOf(value) === text && value >= low && value <= high
}

/** Returns some of the ids in a random order. */
export const randomBatch = (random: Random, ids: readonly string[], limit: number): string[] =>
  random.shuffled(ids).slice(0, 1 + random.below(limit))
