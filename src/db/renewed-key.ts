import type { Instant } from '../kernel/clock.ts'
import { firstKeyAt } from '../kernel/ids.ts'
import { type Sql, sql } from './sql.ts'

/**
 * The UUIDv7 of `instant` that a row with the key `old` gets, an expression: by `position`, a whole
 * number from 1 on, which gives renewed keys their order. Its last 40 bits are the old key's, which
 * are random, so that it meets none that a server makes at the same instant.
 */
export function renewedKey(instant: Instant, position: Sql, old: Sql): Sql {
  const time = firstKeyAt(instant).slice(0, 13)
  return sql`(
    ${time}::text || '-7' || lpad(to_hex(${position} >> 20), 3, '0')
    || '-' || to_hex(32768 | ((${position} >> 6) & 16383))
    || '-' || lpad(to_hex((${position} & 63) << 2), 2, '0') || right(${old}::text, 10))::uuid`
}
