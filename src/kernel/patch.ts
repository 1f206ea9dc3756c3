/**
 * Returns the value of an update, which may be null. A field that was not sent keeps the value
 * `before`.
 */
export const sent = <T>(value: T | undefined, before: T): T =>
  value === undefined ? before : value

/** Returns null for an empty text: both mean that there is no value. */
export const none = <T extends string>(text: T | null | undefined): T | null | undefined =>
  text === '' ? null : text
