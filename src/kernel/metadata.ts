import { badInput } from './errors.ts'

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

/** Bytes of JSON that one object's metadata may grow to: as much as one request may carry. */
const METADATA_LIMIT = 1_048_576

/** Refuses (400 `InvalidMetadataError`) metadata that patch after patch has grown too large. */
export function refuseOversized(metadata: Metadata, where: string): void {
  if (Buffer.byteLength(JSON.stringify(metadata)) > METADATA_LIMIT)
    throw badInput(`${where}: metadata would be larger than 1 MB`, 'InvalidMetadataError')
}

/** 400 for a batch whose objects hold so much that they could not be worked on at once. */
export const tooMuchTogether = (list: string) =>
  badInput(`${list}: they hold more than 8 MB of metadata together; send fewer at once`)

/** Whether two maps hold the same pairs, in whatever order. */
export function sameMetadata(a: Metadata, b: Metadata): boolean {
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && a[key] === b[key])
  )
}
