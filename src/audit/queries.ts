import type { Page } from '../kernel/page.ts'
import type { Call } from '../operation.ts'
import * as store from './store.ts'
import type { Entry, EntryFilter } from './types.ts'

/**
 * Returns the changes of the environment, newest first. A customer that does not exist has none.
 */
export const listEntries = ({ app, scope }: Call, filter: EntryFilter): Promise<Page<Entry>> =>
  store.listEntries(app.db.read, scope, filter)
