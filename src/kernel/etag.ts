import { hash } from 'node:crypto'
import { preconditionFailed } from './errors.ts'
import { inHeader } from './field.ts'

/** The states in which a request wants to find its object: entity tags, or `*` for any. */
export type IfMatch = readonly string[] | '*'

/** Characters of base64: 126 bits. */
const LENGTH = 21

/**
 * Returns the entity tag of an object: a digest of its wire form. Equal objects have equal tags, on
 * every server and after a restore.
 */
export const etagOf = (object: object): string =>
  `"${hash('sha256', JSON.stringify(ordered(object)), 'base64url').slice(0, LENGTH)}"`

/** The database may store the keys of an object in another order than a request had them. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered)
  if (typeof value !== 'object' || value === null) return value
  return Object.keys(value)
    .sort()
    .map((key) => [key, ordered((value as Record<string, unknown>)[key])])
}

/**
 * 412 if the request wants to find its object in another state. `object` is its wire form, or null
 * if it does not exist. Read it under the lock of the write.
 */
export function refuseOutdated(
  { ifMatch = null }: { readonly ifMatch?: IfMatch | null },
  object: () => object | null,
): void {
  if (ifMatch === null) return
  const found = object()
  if (found === null)
    throw preconditionFailed(inHeader('If-Match'), 'If-Match: there is no such object yet')
  if (ifMatch !== '*' && !ifMatch.includes(etagOf(found)))
    throw preconditionFailed(
      inHeader('If-Match'),
      'If-Match: the object has changed since; read it again',
    )
}
