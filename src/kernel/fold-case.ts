/**
 * Returns the case-folded text for a case-insensitive search. Both the stored text and the search
 * term are folded here, because folding in the database depends on the locale of its cluster.
 */
export const foldCase = (text: string): string => text.toLowerCase()
