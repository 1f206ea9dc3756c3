/** A field that a change concerned. Undefined: it did not exist, or is not known. */
export type FieldChange = { path: string; before?: unknown; after?: unknown }

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isId = (name: string): boolean => /^id$|Id$/.test(name)
/** Changes with every change, and is told by the time of the entry. */
const SILENT = 'updatedAt'

const isSame = (left: unknown, right: unknown): boolean =>
  JSON.stringify(left) === JSON.stringify(right)

/**
 * Returns the fields that a change has changed. `before` contains all ids, and the former values of
 * the fields that differ, also inside objects. It cannot tell which keys an inner object has
 * gained, so such an object is returned whole. If the changed object is new or deleted, all of its
 * fields are returned.
 */
export function changesOf(before: object | null, after: object | null): FieldChange[] {
  if (before === null) return leaves(after ?? {}).map(([path, value]) => ({ path, after: value }))
  if (after === null) return leaves(before).map(([path, value]) => ({ path, before: value }))
  const now: Record<string, unknown> = { ...after }
  return Object.entries(before)
    .filter(([name, was]) => name !== SILENT && !(isId(name) && isSame(was, now[name])))
    .flatMap(([name, was]) => fieldChanges(name, was, now[name]))
}

function fieldChanges(path: string, before: unknown, after: unknown): FieldChange[] {
  if (!isRecord(before) || !isRecord(after)) return [{ path, before, after }]
  const keys = Object.keys(before)
  if (keys.length === 0) return [{ path, after }]
  return keys.map((key) => ({ path: `${path}.${key}`, before: before[key], after: after[key] }))
}

function leaves(value: object, prefix = ''): [string, unknown][] {
  return Object.entries(value).flatMap(([key, each]): [string, unknown][] =>
    isRecord(each) && Object.keys(each).length > 0
      ? leaves(each, `${prefix}${key}.`)
      : [[`${prefix}${key}`, each]],
  )
}

/** A text as it is, anything else as JSON. */
export const valueText = (value: unknown): string =>
  typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
