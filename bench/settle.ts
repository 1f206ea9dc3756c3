import { setTimeout as delay } from 'node:timers/promises'

/** Returns the count of a statement. */
export type CountQuery = (text: string) => Promise<number>

/** The pause between two looks at the database, in milliseconds. */
const SETTLE_MS = 75
/** How many looks in a row must find no statement, and the maximum number of looks. */
const STILL = 2
const MAX_LOOKS = 200

const BUSY = `
  select count(*) from pg_stat_activity
  where backend_type = 'client backend' and state <> 'idle' and pid <> pg_backend_pid()`

/** Waits until the database has finished the requests that the end of a half cut off. */
export async function settle(count: CountQuery): Promise<void> {
  let still = 0
  for (let look = 0; still < STILL; look += 1) {
    if (look === MAX_LOOKS) throw new Error('the database is busy long after the load has ended')
    await delay(SETTLE_MS)
    still = (await count(BUSY)) === 0 ? still + 1 : 0
  }
}
