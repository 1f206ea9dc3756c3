import { isDeepStrictEqual as isSame } from 'node:util'

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const entriesOf = (value: object): [name: string, value: unknown][] => Object.entries(value)

/** Ids are always kept. Without them nobody could tell what was changed. */
const NAMES = /^id$|Id$/

/**
 * Returns what a change replaced: the old values of fields that differ, also within objects, and
 * the ids. Lists are compared as a whole. Unchanged values, which may be a megabyte, are not stored
 * again with each change.
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

/** The same for an object within an object, such as metadata. All of its fields are values. */
const fieldsReplacedBy = (before: object, after: object): object =>
  Object.fromEntries(
    entriesOf(before).filter(([name, was]) => !isSame(was, Reflect.get(after, name))),
  )
