import type { Instant } from '../kernel/clock.ts'
import { firstKeyAt } from '../kernel/ids.ts'
import { type Sql, sql } from './sql.ts'

/**
 * Returns an SQL expression for the UUIDv7 that replaces the key `old`. Its time is `instant`. The
 * keys are ordered by `position`, a whole number from 1. The last 40 bits are those of the old key.
 * They are random, so the new key differs from those that servers make at the same instant.
 */
export function renewedKey(instant: Instant, position: Sql, old: Sql): Sql {
  const time = firstKeyAt(instant).slice(0, 13)
  return sql`(
    ${time}::text || '-7' || lpad(to_hex(${position} >> 20), 3, '0')
    || '-' || to_hex(32768 | ((${position} >> 6) & 16383))
    || '-' || lpad(to_hex((${position} & 63) << 2), 2, '0') || right(${old}::text, 10))::uuid`
}
