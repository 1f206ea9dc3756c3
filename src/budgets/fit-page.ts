import { PAGE_BYTES } from '../db/index.ts'

/** Returns as many rows as fit into the byte limit of a page, at least one. */
export function fitPage<T>(rows: readonly T[], bytesOf: (row: T) => number): readonly T[] {
  let bytes = 0
  const end = rows.findIndex((row, index) => {
    bytes += bytesOf(row)
    return index > 0 && bytes > PAGE_BYTES
  })
  return end === -1 ? rows : rows.slice(0, end)
}
