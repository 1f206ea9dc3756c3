import type { Condition, Meter, MeterFilter } from './types.ts'

export type DimensionValue = string | number | boolean

/** What a meter can see of an event. */
export type MeterEvent = {
  name: string
  dimensions: Readonly<Record<string, DimensionValue>>
}

/** Under these names a condition, or an aggregation, finds the name of the event. */
const EVENT_NAME_FIELDS: readonly string[] = ['event_name', 'eventName']

/** What an event has under a field: its name or a dimension; undefined where it has none. */
export function fieldOf(event: MeterEvent, field: string): DimensionValue | undefined {
  if (EVENT_NAME_FIELDS.includes(field)) return event.name
  return Object.hasOwn(event.dimensions, field) ? event.dimensions[field] : undefined
}

/**
 * Whether an event feeds a meter: any of the filters lets it pass, by all of its conditions. No
 * filter, and a filter without conditions, lets every event pass. A field that the event lacks
 * satisfies IS_NULL and NOT_EQUALS alone.
 */
export const matches = (meter: Pick<Meter, 'filters'>, event: MeterEvent): boolean =>
  meter.filters.length === 0 || meter.filters.some((filter) => passes(filter, event))

const passes = ({ conditions }: MeterFilter, event: MeterEvent): boolean =>
  conditions.every((condition) => holds(condition, fieldOf(event, condition.field)))

function holds(condition: Condition, actual: DimensionValue | undefined): boolean {
  const { operation } = condition
  if (actual === undefined) return operation === 'IS_NULL' || operation === 'NOT_EQUALS'
  switch (operation) {
    case 'IS_NULL':
      return false
    case 'IS_NOT_NULL':
      return true
    case 'IN':
      return condition.values.some((value) => isSame(actual, value))
    case 'EQUALS':
      return isSame(actual, condition.value)
    case 'NOT_EQUALS':
      return !isSame(actual, condition.value)
    case 'CONTAINS':
      return String(actual).includes(condition.value)
    case 'STARTS_WITH':
      return String(actual).startsWith(condition.value)
    case 'ENDS_WITH':
      return String(actual).endsWith(condition.value)
    case 'GREATER_THAN':
      return order(actual, condition.value) > 0
    case 'GREATER_THAN_OR_EQUAL':
      return order(actual, condition.value) >= 0
    case 'LESS_THAN':
      return order(actual, condition.value) < 0
    case 'LESS_THAN_OR_EQUAL':
      return order(actual, condition.value) <= 0
  }
}

/**
 * A number equals every way to write it (`1` and `1.0`). Text equals only itself: `"007"` may be
 * an id, which `7` is not.
 */
const isSame = (actual: DimensionValue, value: string): boolean =>
  String(actual) === value || (typeof actual === 'number' && actual === numberIn(value))

/** Negative, zero or positive as `actual` is before, at or after `value`. */
function order(actual: DimensionValue, value: string): number {
  const text = String(actual)
  const [left, right] = [numberIn(text), numberIn(value)]
  // By bytes, as every text of Bursar is ordered; `<` would order by UTF-16 units.
  if (left === null || right === null) return Buffer.compare(Buffer.from(text), Buffer.from(value))
  return left - right
}

const NUMBER = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i

/** The number that a text is, null when it is none, or none that a double can hold. */
function numberIn(text: string): number | null {
  const value = NUMBER.test(text) ? Number(text) : Number.NaN
  return Number.isFinite(value) ? value : null
}
