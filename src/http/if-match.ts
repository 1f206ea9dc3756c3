import type { FastifyRequest } from 'fastify'
import { badInput } from '../kernel/errors.ts'
import { etagOf, type IfMatch } from '../kernel/etag.ts'
import { inHeader } from '../kernel/field.ts'
import type { Operation } from './api-document.ts'
import type { Success } from './idempotency-key.ts'

const FIELD = inHeader('If-Match')

/** More than any client can have read. */
const TAGS_LIMIT = 20

/** A weak tag counts as well: proxies that compress a response make its tag weak. */
const TAG = /^(?:W\/)?("[\x21\x23-\x7e]{0,255}")$/

/**
 * Returns the `If-Match` of a request, or null. Reads ignore it. 400 for an invalid one, for one on
 * any other write, since ignoring it would overwrite what it protects, and for one beside several
 * rows, which have no common state.
 */
export function ifMatchOf(
  operation: Operation,
  { headers }: Pick<FastifyRequest, 'headers'>,
  body: unknown,
): IfMatch | null {
  const sent = headers['if-match']
  if (sent === undefined || operation.method === 'GET') return null
  if (!operation.takesIfMatch)
    throw badInput(FIELD, 'If-Match: this operation takes no such header', 'InvalidArgumentError')
  if (operation.method === 'PUT' && Object.values(Object(body)).some(hasSeveral))
    throw badInput(FIELD, 'If-Match: send exactly one row with this header', 'InvalidArgumentError')
  if (sent.trim() === '*') return '*'
  const tags = sent.split(',').map((tag) => TAG.exec(tag.trim())?.[1])
  const valid = tags.filter((tag) => tag !== undefined)
  if (valid.length === tags.length && tags.length <= TAGS_LIMIT) return valid
  throw badInput(FIELD, `If-Match must be * or 1 to ${TAGS_LIMIT} entity tags, such as "abc"`)
}

const hasSeveral = (value: unknown): boolean => Array.isArray(value) && value.length > 1

/**
 * Adds the entity tag of the object in a response, or of the only one in its list. What was deleted
 * has none.
 */
export function withEtag({ hasEtag, method }: Operation, success: Success): Success {
  if (!hasEtag || method === 'DELETE') return success
  const { data } = success.body as { data: object | readonly object[] }
  const [object, ...others] = [data].flat()
  return object === undefined || others.length > 0
    ? success
    : { ...success, headers: { ...success.headers, etag: etagOf(object) } }
}
