/**
 * Throws unless the condition holds. A failure is our defect: the request gets a 500, and nothing
 * is written.
 */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`)
}

/** Returns the value. Throws if it is null or undefined, which is our defect. */
export function required<T>(value: T | null | undefined, message: string): T {
  assert(value !== null && value !== undefined, message)
  return value
}
