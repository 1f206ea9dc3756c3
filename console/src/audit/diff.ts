/** A field that differs. Undefined: it was not there, or is gone. */
export type FieldChange = { path: string; before: unknown; after: unknown }

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Fields that every change has, and that say nothing about it. */
const SILENT = ['updatedAt']

/**
 * Returns what a change changed. `before` has the former values of the fields that differ, and the
 * ids. If the object is new or gone, all its fields are returned.
 */
export function changesOf(before: object | null, after: object | null): FieldChange[] {
  if (before === null || after === null)
    return leavesOf(before ?? after ?? {}).map(([path, value]) => ({
      path,
      before: before === null ? undefined : value,
      after: before === null ? value : undefined,
    }))
  const now = new Map(leavesOf(after))
  const then = new Map(leavesOf(before))
  // A group that had a key less before, such as metadata, is among the fields that differ.
  const groups = new Set([...then.keys()].map((path) => path.split('.')[0]))
  const isTold = (path: string) => then.has(path) || groups.has(path.split('.')[0])
  return [...new Set([...then.keys(), ...now.keys()])]
    .filter((path) => isTold(path) && !SILENT.includes(path))
    .filter((path) => JSON.stringify(then.get(path)) !== JSON.stringify(now.get(path)))
    .map((path) => ({ path, before: then.get(path), after: now.get(path) }))
}

function leavesOf(value: object, prefix = ''): [string, unknown][] {
  return Object.entries(value).flatMap(([key, each]): [string, unknown][] =>
    isObject(each) && Object.keys(each).length > 0
      ? leavesOf(each, `${prefix}${key}.`)
      : [[`${prefix}${key}`, each]],
  )
}

export const textOfValue = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value)
