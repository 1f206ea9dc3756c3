/**
 * Text as it is searched: without the difference of upper and lower case. Both what is searched and
 * what is looked for go through it, here and not in the database, whose folding depends on how its
 * cluster was made.
 */
export const foldCase = (text: string): string => text.toLowerCase()
