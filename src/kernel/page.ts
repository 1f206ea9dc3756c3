import { badInput } from './errors.ts'
import { inQuery } from './field.ts'
import type { Uuid } from './ids.ts'

/** The parameters of every list: an exclusive cursor in one direction, and a limit. */
export type PageRequest = { after: Uuid | null; before: Uuid | null; limit: number }

export type Page<T> = { data: T[]; pagination: { next: Uuid | null; prev: Uuid | null } }

/** Returns the wire form of a page, with the wire forms of its items. */
export const pageToWire = <T, W>({ data, pagination }: Page<T>, toWire: (item: T) => W) => ({
  data: data.map((each) => toWire(each)),
  pagination,
})

/** Rows of a page: without `limit`, and at most. */
export const PAGE_LIMITS = { default: 20, max: 100 }

/**
 * Reads the three parameters. If both cursors are given, `after` wins, because some clients keep
 * sending the other one.
 */
export function pageRequest(query: {
  after?: string
  before?: string
  limit?: number
}): PageRequest {
  const after = query.after?.toLowerCase() ?? null
  return {
    after,
    before: after === null ? (query.before?.toLowerCase() ?? null) : null,
    limit: query.limit ?? PAGE_LIMITS.default,
  }
}

export const unknownCursor = (name: 'after' | 'before', cursor: Uuid) =>
  badInput(inQuery(name), `${name}: cursor ${cursor} not found in this list`)

/**
 * Rows in the order in which they were read from the cursor: list order, or reversed for `before`.
 */
export type PageRows<R> = { readonly rows: readonly R[]; readonly hasMore: boolean }

/**
 * Returns the page that consists of these rows. `next` is null on the last page and `prev` on the
 * first. An empty page has neither.
 */
export function pageOf<R extends { key: Uuid }>(
  request: PageRequest,
  { rows, hasMore }: PageRows<R>,
): Page<R> {
  const data = request.before === null ? [...rows] : rows.toReversed()
  const more = { outwards: hasMore, backwards: request.after !== null || request.before !== null }
  const [hasNext, hasPrev] =
    request.before === null ? [more.outwards, more.backwards] : [more.backwards, more.outwards]
  return {
    data,
    pagination: {
      next: hasNext ? (data.at(-1)?.key ?? null) : null,
      prev: hasPrev ? (data[0]?.key ?? null) : null,
    },
  }
}
