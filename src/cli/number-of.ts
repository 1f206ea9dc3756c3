/** Returns a number with a noun, as in `1 row` and `2 rows`. */
export const numberOf = (count: number, thing: string): string =>
  `${count} ${thing}${count === 1 ? '' : 's'}`
