import type { Config } from '../../config.ts'
import { column, databaseClock, type Reader, row, sql } from '../../db/index.ts'
import { type Instant, instantToWire, systemClock } from '../../kernel/clock.ts'
import { ApiError } from '../../kernel/errors.ts'
import { findAhead } from '../repair/ahead.ts'
import { type Finding, findingsOf } from './finding.ts'

const { ok, warning, broken } = findingsOf('Database')

const nowRow = row({ now: column.instant })
/** How many columns are listed. `bursar repair clock` lists all. */
const MAX_LISTED = 3

/**
 * Compares this machine's clock with the database's. Also looks for rows that a server with a wrong
 * clock has written.
 */
export async function lookAtClock(reader: Reader, config: Config): Promise<Finding[]> {
  const clock = databaseClock(systemClock)
  const before = systemClock.now()
  const { now } = await reader.one(nowRow, sql`select ${clock} as now`)
  const after = systemClock.now()
  // The database's time was read between `before` and `after`. This is the smallest possible skew.
  const skewMs = Math.max(0, before - now) - Math.max(0, now - after)
  const found = { name: 'clock', value: `this machine's is ahead by ${skewMs / 1000} s` }
  const agrees = Math.abs(skewMs) <= config.maxClockSkewMs
  const advice =
    'a server on this machine decides nothing until the clocks agree: correct both with NTP'
  const compared = agrees ? ok(found.name, found.value) : broken(found, advice)
  // A test clock may be set to any time.
  if (config.testClock) return [compared]
  return [compared, ...(await lookAhead(reader, now + config.maxClockSkewMs))]
}

/** Looks for instants in the future that cannot be there. Gives up if the tables are too large. */
async function lookAhead(reader: Reader, beyond: Instant): Promise<Finding[]> {
  const name = 'from the future'
  const found = await findAhead(reader, beyond).catch((error) => {
    if (error instanceof ApiError) return null
    throw error
  })
  if (found === null)
    return [
      warning(
        { name, value: 'unknown: the tables take too long to read' },
        'bursar repair clock reads them completely, and lists what it finds',
      ),
    ]
  const [farthest] = found.toSorted((one, other) => other.farthest - one.farthest)
  if (farthest === undefined) return []
  const kinds = found.map(({ table, column, rows }) => `${rows} of ${table}.${column}`)
  const value = `${kinds.slice(0, MAX_LISTED).join(', ')}${kinds.length > MAX_LISTED ? ', …' : ''}`
  return [
    warning(
      { name, value: `${value}, up to ${instantToWire(farthest.farthest)}` },
      'a wrong clock or a test clock has written this, and these customers stay at that time: ' +
        'bursar repair clock lists it, and corrects it with --apply',
    ),
  ]
}
