import { hash } from 'node:crypto'
import type { NamedRequest } from './types.ts'

export type Hashes = { readonly request: Buffer; readonly content: Buffer }

/**
 * Returns the hashes by which a request is recognised. The order of keys in an object does not
 * matter.
 */
export const hashesOf = ({ path, key, content }: NamedRequest): Hashes => ({
  request: hash('sha256', `${path}\0${key}`, 'buffer'),
  content: hash('sha256', JSON.stringify(content, withSortedKeys) ?? '', 'buffer'),
})

function withSortedKeys(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}
