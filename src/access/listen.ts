import { type Connection, type Epochs, type Listener, listen } from '../db/index.ts'
import type { KeyCache } from './key-cache.ts'

/** Clears cached keys when any process changes a key. */
export const followKeyChanges = (
  database: { connection: Connection; epochs: Epochs },
  keys: KeyCache,
): Listener =>
  listen(database, 'bursar_access', {
    notification: keys.clear,
    state: keys.listening,
  })
