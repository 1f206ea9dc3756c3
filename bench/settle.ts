import { setTimeout as delay } from 'node:timers/promises'

/** Answers the number that a statement counts. */
export type CountQuery = (text: string) => Promise<number>

/** Milliseconds between two looks at whether what a half left behind has ended. */
const SETTLE_MS = 75
/** Looks in a row that must find nothing, and how many are taken at most. */
const STILL = 2
const MOST_LOOKS = 200

const BUSY = `
  select count(*) from pg_stat_activity
  where backend_type = 'client backend' and state <> 'idle' and pid <> pg_backend_pid()`

/** Waits for the requests that were cut off at the end of a half: they go on in the database. */
export async function settle(count: CountQuery): Promise<void> {
  let still = 0
  for (let look = 0; still < STILL; look += 1) {
    if (look === MOST_LOOKS) throw new Error('the database is busy long after the load has ended')
    await delay(SETTLE_MS)
    still = (await count(BUSY)) === 0 ? still + 1 : 0
  }
}
