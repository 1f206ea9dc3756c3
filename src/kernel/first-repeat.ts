/** A value that a list contains twice: the index of its second place, and that of its first. */
export type Repeat<T> = { value: T; index: number; first: number }

/** Returns the first value that repeats an earlier one; null if all values differ. */
export function firstRepeat<T>(values: readonly T[]): Repeat<T> | null {
  const firstAt = new Map<T, number>()
  for (const [index, value] of values.entries()) {
    const first = firstAt.get(value)
    if (first !== undefined) return { value, index, first }
    firstAt.set(value, index)
  }
  return null
}
