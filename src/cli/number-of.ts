/** `1 row`, `2 rows`. */
export const numberOf = (count: number, thing: string): string =>
  `${count} ${thing}${count === 1 ? '' : 's'}`
