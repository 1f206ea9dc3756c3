import { badInput } from '../kernel/errors.ts'

/** 400 if an id occurs twice in a batch, because nobody could know which of the two should win. */
export function refuseDuplicates(field: string, items: readonly { id: string }[]): void {
  const firstAt = new Map<string, number>()
  items.forEach(({ id }, index) => {
    const first = firstAt.get(id)
    if (first !== undefined)
      throw badInput(`${field}[${index}] (${id}): duplicate id, also at ${field}[${first}]`)
    firstAt.set(id, index)
  })
}

/** Returns the ids without duplicates, in the order of their first occurrence. */
export const distinct = (ids: readonly string[]): string[] => [...new Set(ids)]
