import { createHash } from 'node:crypto'
import { badInput } from '../kernel/errors.ts'
import type { Uuid } from '../kernel/ids.ts'

/** Where a page of the tree ended: the last row, and the value that rows are ordered by. */
export type TreeCursor = {
  key: Uuid
  /** A decimal. Null where the row has none, and where the key tells it. */
  value: string | null
}

/** Cursors of another version are refused, so that what they mean can change. */
const VERSION = '1'
/** Enough that no two questions share one, while a cursor stays within 255 characters. */
const DIGEST_LENGTH = 12

const FORM =
  /^1\.([\w-]{12})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(-?\d{1,40}(?:\.\d{1,40})?)?$/

/** `question` is whatever the order and the choice of rows depend on. */
export const cursorToWire = ({ key, value }: TreeCursor, question: unknown): string =>
  Buffer.from([VERSION, digestOf(question), key, value ?? ''].join('.')).toString('base64url')

/** 400 for what is no cursor, or one of another question. */
export function cursorFromWire(text: string, question: unknown): TreeCursor {
  const bytes = Buffer.from(text, 'base64url')
  // The decoder leaves out what is not of its alphabet: another text would be the same cursor.
  const decoded = bytes.toString('base64url') === text ? bytes.toString('latin1') : ''
  const [, digest, key, value] = FORM.exec(decoded) ?? []
  if (digest === undefined || key === undefined) throw badInput('after is no cursor of this list')
  if (digest !== digestOf(question))
    throw badInput('after is a cursor of other parameters: begin without it when they change')
  return { key, value: value ?? null }
}

const digestOf = (question: unknown): string =>
  createHash('sha256').update(JSON.stringify(question)).digest('base64url').slice(0, DIGEST_LENGTH)
