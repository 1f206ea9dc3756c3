import type { UnitTransformation } from '../../api.gen.ts'
import { type Quantity, wholeUnits } from '../../kernel/quantity.ts'

/**
 * Converts raw usage into the units of limits and prices. Without a transformation, returns the
 * same quantity. Apply it to the sum of a period and not to single events, where each part would be
 * rounded. UP counts each started unit, DOWN only whole units. This also holds below zero, so that
 * more usage never gives fewer units.
 */
export function transformUnits(
  usage: Quantity,
  transformation: Pick<UnitTransformation, 'divide' | 'round'> | null,
): Quantity {
  if (transformation === null) return usage
  const { divide, round } = transformation
  const started = usage % wholeUnits(divide)
  // BigInt division truncates towards zero; this rounds down.
  const part = started < 0n ? started + wholeUnits(divide) : started
  const whole = (usage - part) / BigInt(divide)
  return round === 'UP' && part > 0n ? whole + wholeUnits(1) : whole
}
