/** What an update sent, null included, else what was there: absent keeps. */
export const sent = <T>(value: T | undefined, before: T): T =>
  value === undefined ? before : value

/** An empty text says that there is none, as null does. */
export const none = <T extends string>(text: T | null | undefined): T | null | undefined =>
  text === '' ? null : text
