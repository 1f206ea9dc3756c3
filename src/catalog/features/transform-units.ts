import type { UnitTransformation } from '../../api.gen.ts'
import { type Quantity, wholeUnits } from '../../kernel/quantity.ts'

/**
 * Raw usage in the units that are limited and billed; the same without a transformation. It is for
 * the sum of a period, never for single events, whose parts would each be rounded. UP counts a
 * started unit, DOWN only whole ones; below zero too, so that more usage is never fewer units.
 */
export function transformUnits(
  usage: Quantity,
  transformation: Pick<UnitTransformation, 'divide' | 'round'> | null,
): Quantity {
  if (transformation === null) return usage
  const { divide, round } = transformation
  const started = usage % wholeUnits(divide)
  // BigInt division cuts towards zero; the part of a unit is always taken from below.
  const part = started < 0n ? started + wholeUnits(divide) : started
  const whole = (usage - part) / BigInt(divide)
  return round === 'UP' && part > 0n ? whole + wholeUnits(1) : whole
}
