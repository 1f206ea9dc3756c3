const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i

/**
 * Returns the number that a text is, without regard to spaces around it. Null for anything else:
 * nothing, `1,000`, `many`, `0x1f`, and `1e999`, which is too large. JSON has no such numbers and
 * writes null, which the API reads as "no limit".
 */
export function numberIn(text: string): number | null {
  const value = NUMBER.test(text.trim()) ? Number(text) : Number.NaN
  return Number.isFinite(value) ? value : null
}

/** What is wrong with the text in a field for a number, or null. For `check` of a form. */
export const refuseNumber = (field: string, text: string) =>
  numberIn(text) === null ? { field, message: `${text.trim() || 'Nothing'} is no number.` } : null
