import { badInput } from '../kernel/errors.ts'
import { firstRepeat } from '../kernel/first-repeat.ts'

/** 400 if an id occurs twice in a batch, because nobody could know which of the two should win. */
export function refuseDuplicates(field: string, items: readonly { id: string }[]): void {
  const repeat = firstRepeat(items.map(({ id }) => id))
  if (repeat === null) return
  const { value, index, first } = repeat
  throw badInput(`${field}[${index}] (${value}): duplicate id, also at ${field}[${first}]`)
}

/** Returns the ids without duplicates, in the order of their first occurrence. */
export const distinct = (ids: readonly string[]): string[] => [...new Set(ids)]
