import { nameOfGiven, type ReadGiven, readGiven } from '../../entitlements/index.ts'
import { createCache } from '../../kernel/cache.ts'

type Given = Awaited<ReturnType<ReadGiven>>[number]

/** The bytes of all cached features of versions: about 50,000 of them. */
const MAX_BYTES = 32 * 1_048_576
/** A feature of a version in memory takes so many bytes, and so many for each enum value. */
const ENTRY_BYTES = 600
const VALUE_BYTES = 100

/**
 * Returns a function that reads what versions of packages give. It is shared by all customers and
 * cached for as long as there is room: a published version never changes.
 */
export function cacheGiven(): ReadGiven {
  const cached = createCache<string, { given: Given }>({
    maxBytes: MAX_BYTES,
    bytesOf: ({ given }) => ENTRY_BYTES + VALUE_BYTES * (given?.allowance?.enumValues.length ?? 0),
  })
  return async (reader, queries) => {
    const found = queries.map((query) => cached.get(nameOfGiven(query)))
    const missing = queries.filter((_, index) => found[index] === undefined)
    const read = missing.length === 0 ? [] : await readGiven(reader, missing)
    missing.forEach((query, index) => {
      cached.set(nameOfGiven(query), { given: read[index] ?? null })
    })
    let next = 0
    return found.map((hit) => {
      if (hit !== undefined) return hit.given
      next += 1
      return read[next - 1] ?? null
    })
  }
}
