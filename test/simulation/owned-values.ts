import type { Random } from '../support/random.ts'

/** Every so many values the owner removes its key instead of writing it. */
const REMOVE_EVERY = 7

/**
 * What must be true of metadata when every client writes only the key it owns: a model with one
 * cell for each (entity, owner). The values of a cell ascend by one with every request.
 */
export type OwnedValues = {
  /** The next value of the cells, as a patch would carry it, and how to say that it is in. */
  next(owner: string, ids: readonly string[]): { patchOf(id: string): string; done(): void }
  /** What of a cell may be seen from now on: nothing older than what is acknowledged now. */
  bounds(ids: readonly string[]): Map<string, Map<string, number>>
  /** Why this metadata of an entity cannot be, or null. `since` are bounds taken earlier. */
  complaint(id: string, metadata: Record<string, string>, since: Map<string, number>): string | null
  /** The metadata that an entity must have once every request is acknowledged. */
  expected(id: string): Record<string, string>
}

type Cell = { attempted: number; acknowledged: number }

/** The text of a value; empty where it is a removal. */
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

/** Whether a cell may read so when its value is one of `low` to `high`. */
function isPossible(text: string | undefined, low: number, high: number): boolean {
  if (text === undefined) return Math.ceil(low / REMOVE_EVERY) * REMOVE_EVERY <= high
  const value = Number(text)
  return textOf(value) === text && value >= low && value <= high
}

/** Some of the ids, in a random order. */
export const randomBatch = (random: Random, ids: readonly string[], limit: number): string[] =>
  random.shuffled(ids).slice(0, 1 + random.below(limit))
