import { type Connection, type Listener, listen } from '../db/index.ts'
import type { KeyMemory } from './key-memory.ts'

/** Keeps a memory of keys coherent with changes made by any process. */
export const followKeyChanges = (connection: Connection, keys: KeyMemory): Listener =>
  listen(connection, 'bursar_access', {
    notification: keys.forget,
    state: keys.listening,
  })
