import { type Connection, type Listener, listen } from '../db/index.ts'
import type { Authenticator } from './authenticate.ts'

/** Keeps an authenticator's memory coherent with changes made by any process. */
export const followKeyChanges = (connection: Connection, authenticator: Authenticator): Listener =>
  listen(connection, 'bursar_access', {
    notification: authenticator.forget,
    state: authenticator.listening,
  })
