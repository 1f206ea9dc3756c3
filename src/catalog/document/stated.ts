/** Fields that may also be null: what responses have and documents leave out. */
export type Nullable<T> = { [K in keyof T]: T[K] | null | undefined }

/** Returns a value, or null for the one that a document leaves out. */
export const unless = <T>(value: T, usual: T): T | null => (value === usual ? null : value)

/** Returns the fields that say something: no null, empty text, empty list or empty object. */
export function stated<T extends object>(
  fields: {
    [K in keyof Required<T>]: T[K] | null | undefined
  },
): T {
  const kept = Object.entries(fields).filter(([, value]) => !saysNothing(value))
  return Object.fromEntries(kept) as T
}

const saysNothing = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  value === '' ||
  (typeof value === 'object' && Object.keys(value).length === 0)
