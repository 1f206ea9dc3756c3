/** Free-form pairs of a caller. They have no meaning to Bursar. */
export type Metadata = Readonly<Record<string, string>>

/** Merge-patch: a key sent overwrites, a key sent as `""` is removed, a key left out stays. */
export type MetadataPatch = Readonly<Record<string, string>>

/** The metadata after the patch. Source: the contract's entity upsert. */
export function patchMetadata(current: Metadata, patch: MetadataPatch | undefined): Metadata {
  if (patch === undefined) return current
  const next = new Map(Object.entries(current))
  for (const [key, value] of Object.entries(patch)) {
    if (value === '') next.delete(key)
    else next.set(key, value)
  }
  return Object.fromEntries(next)
}

/** Whether two maps hold the same pairs, in whatever order. */
export function sameMetadata(a: Metadata, b: Metadata): boolean {
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && a[key] === b[key])
  )
}
