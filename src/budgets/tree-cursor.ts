import { createHash } from 'node:crypto'
import { badInput } from '../kernel/errors.ts'
import { inQuery } from '../kernel/field.ts'
import type { Uuid } from '../kernel/ids.ts'

/** The end of a page of the tree: the last row, and the value that rows are ordered by. */
export type TreeCursor = {
  key: Uuid
  /** A decimal. Null if the row has none, or if rows are ordered by their keys. */
  value: string | null
}

/** Cursors with another version are refused, so that a later version can change their content. */
const VERSION = '1'
/**
 * The length of the digest that identifies a query, in characters. It is enough to tell queries
 * apart, and short enough for a cursor to stay within 255 characters.
 */
const DIGEST_LENGTH = 12

const FORM =
  /^1\.([\w-]{12})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(-?\d{1,40}(?:\.\d{1,40})?)?$/

/** `question` contains everything that determines the order and the choice of rows. */
export const cursorToWire = ({ key, value }: TreeCursor, question: unknown): string =>
  Buffer.from([VERSION, digestOf(question), key, value ?? ''].join('.')).toString('base64url')

/** 400 for an invalid cursor, and for one of another query. */
export function cursorFromWire(text: string, question: unknown): TreeCursor {
  const bytes = Buffer.from(text, 'base64url')
  // The decoder ignores invalid characters. Without this comparison, many texts would be the same
  // cursor.
  const decoded = bytes.toString('base64url') === text ? bytes.toString('latin1') : ''
  const [, digest, key, value] = FORM.exec(decoded) ?? []
  if (digest === undefined || key === undefined)
    throw badInput(inQuery('after'), 'after is not a valid cursor of this list')
  if (digest !== digestOf(question))
    throw badInput(
      inQuery('after'),
      'after is a cursor of another query; leave it out in the first request',
    )
  return { key, value: value ?? null }
}

const digestOf = (question: unknown): string =>
  createHash('sha256').update(JSON.stringify(question)).digest('base64url').slice(0, DIGEST_LENGTH)
