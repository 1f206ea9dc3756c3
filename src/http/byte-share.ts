/** Which bound more bytes would exceed. */
export type Bound = 'owner' | 'all'

/** Counts bytes in use, in total and per owner. */
export type ByteShare = {
  /** Counts the bytes. If they would exceed a bound, returns that bound and counts nothing. */
  take(owner: string, bytes: number): Bound | null
  /** Releases bytes. */
  give(owner: string, bytes: number): void
  inUse(): number
}

export type ShareBounds = { readonly all: number; readonly perOwner: number }

/**
 * An owner without bytes may exceed the bound per owner. If nobody has bytes, one request may also
 * exceed the bound on the total. Otherwise a bound smaller than a request would refuse it for ever.
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
