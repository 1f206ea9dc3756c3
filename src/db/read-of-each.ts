import { type DecodeRow, integer, row } from './decode.ts'
import type { Sql } from './sql.ts'
import type { Reader } from './types.ts'

const placeRow = row({ position: integer })

/**
 * Returns the rows that a statement finds for each item of `numberedRows`, in the order of the
 * items. The statement must select `position`. Without items, no statement is sent.
 */
export async function readOfEach<T>(
  reader: Reader,
  items: readonly unknown[],
  { row, statement }: { row: DecodeRow<T>; statement: Sql },
): Promise<T[][]> {
  if (items.length === 0) return []
  const found = await reader.many((raw) => ({ ...placeRow(raw), value: row(raw) }), statement)
  const ofEach: T[][] = items.map(() => [])
  for (const { position, value } of found) ofEach[position - 1]?.push(value)
  return ofEach
}
