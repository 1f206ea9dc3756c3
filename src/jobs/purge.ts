/** How many rows one statement of a purge deletes: a small part of what its timeout allows. */
export const PURGE_BATCH_ROWS = 5000

/** The pause between two batches of a purge, in which other work can run, in milliseconds. */
export const NEXT_BATCH_MS = 1
