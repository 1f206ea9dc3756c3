import { isDeepStrictEqual as isSame } from 'node:util'

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const entriesOf = (value: object): [name: string, value: unknown][] => Object.entries(value)

/** Fields that name something are kept: without them nobody could say what was changed. */
const NAMES = /^id$|Id$/

/**
 * Of an object as it was, what the change replaced: the fields that differ from those that it has
 * now, within objects too, and its ids. Lists are compared as a whole. So what an object holds
 * besides is not written twice with each change, which may be a megabyte.
 */
export function replacedBy(before: object, after: object): object {
  const entries = entriesOf(before).flatMap(([name, was]): [string, unknown][] => {
    const is: unknown = Reflect.get(after, name)
    if (NAMES.test(name)) return [[name, was]]
    if (isSame(was, is)) return []
    return [[name, isObject(was) && isObject(is) ? fieldsReplacedBy(was, is) : was]]
  })
  return Object.fromEntries(entries)
}

/** The same of an object within one, such as metadata, whose fields all are values. */
const fieldsReplacedBy = (before: object, after: object): object =>
  Object.fromEntries(
    entriesOf(before).filter(([name, was]) => !isSame(was, Reflect.get(after, name))),
  )
