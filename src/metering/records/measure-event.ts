import {
  type Aggregation,
  type DimensionValue,
  fieldOf,
  type MeterEvent,
  type MeteredFeature,
  matches,
} from '../../catalog/features/index.ts'
import { badInput } from '../../kernel/errors.ts'
import type { Field } from '../../kernel/field.ts'
import { amountFromWire, wholeUnits } from '../../kernel/quantity.ts'
import type { Aggregate, MeterReading } from '../types.ts'

/** Returns the aggregate of a feature: the function of its meter. A count is a sum of ones. */
export function aggregateOf(meter: { aggregation: Aggregation } | null): Aggregate {
  const name = meter?.aggregation.function ?? 'COUNT'
  return name === 'COUNT' ? 'SUM' : name
}

/**
 * Returns what an event counts for each feature whose meter matches. A numeric meter ignores an
 * event whose field is not a number; a meter of distinct values ignores one without the field. 400
 * `EntitlementUsageOutOfRangeError` for a number that is too large for usage, naming `field`.
 */
export function measureEvent<F extends Pick<MeteredFeature, 'key' | 'meter'>>(
  features: readonly F[],
  event: MeterEvent,
  field: Field,
): (MeterReading & { feature: F })[] {
  const measured: (MeterReading & { feature: F })[] = []
  for (const feature of features) {
    if (!matches(feature.meter, event)) continue
    const seen = measureBy(feature.meter.aggregation, event, field)
    if (seen !== null) measured.push({ featureKey: feature.key, feature, ...seen })
  }
  return measured
}

const ONE = wholeUnits(1)

function measureBy(
  aggregation: Aggregation,
  event: MeterEvent,
  field: Field,
): Pick<MeterReading, 'amount' | 'mark'> | null {
  if (aggregation.function === 'COUNT') return { amount: ONE, mark: null }
  const value = fieldOf(event, aggregation.field)
  if (value === undefined) return null
  if (aggregation.function === 'UNIQUE') return { amount: ONE, mark: String(value) }
  const number = numberOf(value)
  if (number === null) return null
  const dimension = field.at('dimensions').at(aggregation.field)
  if (Math.abs(number) > Number.MAX_SAFE_INTEGER)
    throw badInput(dimension, `${dimension} is beyond 2^53 − 1`, 'EntitlementUsageOutOfRangeError')
  // The number may be the result of floating-point arithmetic. It is rounded, whereas limits must
  // be exact.
  return { amount: amountFromWire(number, dimension), mark: null }
}

/** As in the conditions of meters, a text that is a number counts as one. */
const NUMBER = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i

function numberOf(value: DimensionValue): number | null {
  if (typeof value === 'number') return value
  return typeof value === 'string' && NUMBER.test(value) ? Number(value) : null
}
