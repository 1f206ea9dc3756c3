import type { Condition, Meter, MeterFilter } from './types.ts'

export type DimensionValue = string | number | boolean

/** The part of an event that a meter reads. */
export type MeterEvent = {
  name: string
  dimensions: Readonly<Record<string, DimensionValue>>
}

/** Conditions and aggregations can refer to the name of the event by these fields. */
const EVENT_NAME_FIELDS: readonly string[] = ['event_name', 'eventName']

/** Returns the value of a field of an event: its name or a dimension. Undefined if it has none. */
export function fieldOf(event: MeterEvent, field: string): DimensionValue | undefined {
  if (EVENT_NAME_FIELDS.includes(field)) return event.name
  return Object.hasOwn(event.dimensions, field) ? event.dimensions[field] : undefined
}

/**
 * Returns whether an event feeds a meter: whether all conditions of any filter hold. A meter
 * without filters and a filter without conditions match every event. If the event lacks the field,
 * only IS_NULL and NOT_EQUALS hold.
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
 * A number equals all of its notations (`1` and `1.0`). Text equals only itself: `"007"` may be an
 * id, which `7` is not.
 */
const isSame = (actual: DimensionValue, value: string): boolean =>
  String(actual) === value || (typeof actual === 'number' && actual === numberIn(value))

/**
 * Returns a negative number, zero or a positive number if `actual` is less than, equal to or
 * greater than `value`.
 */
function order(actual: DimensionValue, value: string): number {
  const text = String(actual)
  const [left, right] = [numberIn(text), numberIn(value)]
  // Compared by bytes, like all text in Bursar. `<` would compare UTF-16 units.
  if (left === null || right === null) return Buffer.compare(Buffer.from(text), Buffer.from(value))
  return left - right
}

const NUMBER = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i

/** Returns the number in a text, or null if it is not a number or does not fit into a double. */
function numberIn(text: string): number | null {
  const value = NUMBER.test(text) ? Number(text) : Number.NaN
  return Number.isFinite(value) ? value : null
}
