import { badInput } from '../kernel/errors.ts'

/**
 * Refuses (400) an id that stands twice in one batch: which of the two should win is unknowable.
 */
export function refuseDuplicates(field: string, items: readonly { id: string }[]): void {
  const firstAt = new Map<string, number>()
  items.forEach(({ id }, index) => {
    const first = firstAt.get(id)
    if (first !== undefined)
      throw badInput(`${field}[${index}] (${id}): the same id stands at ${field}[${first}]`)
    firstAt.set(id, index)
  })
}

/** The ids of an archive list, each once, in their first order. */
export const distinct = (ids: readonly string[]): string[] => [...new Set(ids)]
