import { type Connection, type Epochs, type Listener, listen } from '../db/index.ts'
import type { KeyMemory } from './key-memory.ts'

/** Keeps a memory of keys coherent with changes made by any process. */
export const followKeyChanges = (
  database: { connection: Connection; epochs: Epochs },
  keys: KeyMemory,
): Listener =>
  listen(database, 'bursar_access', {
    notification: keys.forget,
    state: keys.listening,
  })
