/** Which bound stands in the way of more bytes. */
export type Bound = 'owner' | 'all'

/** Bytes that are held at once, in all and by whom. */
export type ByteShare = {
  /** Counts the bytes, or says which bound they would pass; then nothing is counted. */
  take(owner: string, bytes: number): Bound | null
  /** Gives back what was taken. */
  give(owner: string, bytes: number): void
  inUse(): number
}

export type ShareBounds = { readonly all: number; readonly perOwner: number }

/**
 * Whoever holds nothing is always let have what it asks for, up to the bound on all, and so is the
 * first of all: a bound that is smaller than one request would refuse it for ever.
 */
export function createByteShare(bounds: ShareBounds): ByteShare {
  const held = new Map<string, number>()
  let total = 0
  return {
    take: (owner, bytes) => {
      const own = held.get(owner) ?? 0
      if (own > 0 && own + bytes > bounds.perOwner) return 'owner'
      if (total > 0 && total + bytes > bounds.all) return 'all'
      held.set(owner, own + bytes)
      total += bytes
      return null
    },
    give: (owner, bytes) => {
      const rest = (held.get(owner) ?? 0) - bytes
      if (rest > 0) held.set(owner, rest)
      else held.delete(owner)
      total -= bytes
    },
    inUse: () => total,
  }
}
