/**
 * An array parameter whose elements need no quoting in PostgreSQL's notation: keys, numbers,
 * instants, words of ours. The driver would look at each of them for what to escape, which takes a
 * tenth of the time of a large batch. Anything else must not come here; it would fail as a cast, or
 * mean another array.
 */
export const bareArray = (elements: readonly (string | null)[]): string =>
  `{${elements.map((element) => element ?? 'NULL').join(',')}}`

/** The same for elements that are themselves bare arrays, as text: each is cast by itself. */
export const arrayOfArrays = (elements: readonly (string | null)[]): string =>
  `{${elements.map((element) => (element === null ? 'NULL' : `"${element}"`)).join(',')}}`

/**
 * An array parameter whose elements are what `JSON.stringify` has made. As text within JSON they
 * are what PostgreSQL reads as quoted elements, since JSON has no raw control characters. The
 * driver's own quoting takes seconds, and blocks everybody, for megabytes full of quotes.
 */
export const arrayOfJson = (elements: readonly (string | null)[]): string =>
  `{${elements.map((element) => (element === null ? 'NULL' : JSON.stringify(element))).join(',')}}`
