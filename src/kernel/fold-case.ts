/**
 * Returns the text for a case-insensitive search. Both the stored text and the search term are
 * folded here and not in the database, whose folding depends on the locale of its cluster.
 */
export const foldCase = (text: string): string => text.toLowerCase()
