import type { Instant } from '../../kernel/clock.ts'
import { badInput } from '../../kernel/errors.ts'
import type { Field } from '../../kernel/field.ts'
import { AHEAD_LIMIT_MS } from '../types.ts'

/**
 * Returns when a record occurred: the instant that the caller states, else the instant of decision.
 * 400 `InvalidArgumentError` for an instant more than an hour ahead, or before 1970.
 */
export function occurredAt(stated: Instant | null, now: Instant, field: Field): Instant {
  if (stated === null) return now
  if (stated > now + AHEAD_LIMIT_MS)
    throw badInput(field, `${field} is more than an hour in the future`, 'InvalidArgumentError')
  if (stated < 0) throw badInput(field, `${field} is before 1970`, 'InvalidArgumentError')
  return stated
}
