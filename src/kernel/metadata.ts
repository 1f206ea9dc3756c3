import { badInput } from './errors.ts'
import { type Field, inBody } from './field.ts'

/** Key-value pairs of a caller. Bursar gives them no meaning. */
export type Metadata = Readonly<Record<string, string>>

/** A merge patch: a key with a value is set, a key with `""` is removed, all other keys stay. */
export type MetadataPatch = Readonly<Record<string, string>>

/** Returns the metadata after the patch. Source: the entity upsert in the API document. */
export function patchMetadata(current: Metadata, patch: MetadataPatch | undefined): Metadata {
  if (patch === undefined) return current
  const next = new Map(Object.entries(current))
  for (const [key, value] of Object.entries(patch)) {
    if (value === '') next.delete(key)
    else next.set(key, value)
  }
  return Object.fromEntries(next)
}

/** The maximum size of an object's metadata in bytes of JSON, the same as that of a request. */
const METADATA_LIMIT = 1_048_576

/** 400 `InvalidMetadataError` if many patches have made the metadata larger than the limit. */
export function refuseOversized(metadata: Metadata, where: string, field: Field): void {
  if (Buffer.byteLength(JSON.stringify(metadata)) > METADATA_LIMIT)
    throw badInput(field, `${where}: metadata would be larger than 1 MB`, 'InvalidMetadataError')
}

/** 400 for objects that have too much metadata to be loaded at once. */
export const tooMuchMetadata = (field: Field, of: { what: string; remedy: string }) =>
  badInput(field, `${of.what} have more than 8 MB of metadata in total; ${of.remedy}`)

/** `tooMuchMetadata` for the objects that a list of the request names. */
export const tooMuchTogether = (list: string) =>
  tooMuchMetadata(inBody(list), { what: `${list}: these objects`, remedy: 'send fewer at once' })

/** Returns whether two maps contain the same pairs, in any order. */
export function sameMetadata(a: Metadata, b: Metadata): boolean {
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && a[key] === b[key])
  )
}
