import { badInput } from '../kernel/errors.ts'
import { type Field, inBody } from '../kernel/field.ts'
import { firstRepeat } from '../kernel/first-repeat.ts'

/** 400 if an id occurs twice in a request: nobody could know which of the two should win. */
export function refuseDuplicates(list: string, items: readonly { id: string }[]): void {
  const repeat = firstRepeat(items.map(({ id }) => id))
  if (repeat === null) return
  const { value, index, first } = repeat
  const field = inBody(list, index)
  throw badInput(field.at('id'), `${field.of(value)}: duplicate id, also at ${list}[${first}]`)
}

/** The first field of a request that names an id. */
export const idField = (ids: readonly string[], id: string | undefined): Field =>
  id === undefined ? inBody('ids') : inBody('ids', ids.indexOf(id))

/** Returns the ids without duplicates, in the order of their first occurrence. */
export const distinct = (ids: readonly string[]): string[] => [...new Set(ids)]
