import type { Config } from '../../config.ts'
import { column, databaseClock, type Reader, row, sql } from '../../db/index.ts'
import { instantToWire, systemClock } from '../../kernel/clock.ts'
import { type Finding, findingsOf } from './finding.ts'

const { ok, warning, broken } = findingsOf('Database')

const nowRow = row({ now: column.instant })
const aheadRow = row({ customers: column.integer, latest: column.nullable(column.instant) })

/** Whether this machine's clock and the database's agree, and whether any once did not. */
export async function lookAtClock(reader: Reader, config: Config): Promise<Finding[]> {
  const clock = databaseClock(systemClock)
  const before = systemClock.now()
  const { now } = await reader.one(nowRow, sql`select ${clock} as now`)
  const after = systemClock.now()
  // The database's time was read somewhere in between: the nearest that it can have been counts.
  const skewMs = Math.max(0, before - now) - Math.max(0, now - after)
  const found = { name: 'clock', value: `this machine's is ahead by ${skewMs / 1000} s` }
  const agrees = Math.abs(skewMs) <= config.maxClockSkewMs
  const advice = 'a server here decides nothing until they agree: set both right by NTP'
  const compared = agrees ? ok(found.name, found.value) : broken(found, advice)
  // A test clock goes where it likes.
  if (config.testClock) return [compared]
  const margin = sql`${config.maxClockSkewMs}::integer * interval '1 millisecond'`
  const { customers, latest } = await reader.one(
    aheadRow,
    sql`
    select count(*) as customers, max(decided_at) as latest from customer_heads
    where decided_at > ${clock} + ${margin}`,
  )
  if (customers === 0 || latest === null) return [compared]
  const value = `${customers}, up to ${instantToWire(latest)}`
  return [
    compared,
    warning(
      { name: 'customers in the future', value },
      'a wrong clock, or a test clock, has decided for them: their time stands still until then',
    ),
  ]
}
