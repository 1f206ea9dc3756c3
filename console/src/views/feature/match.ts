import type { Meter, MeterCondition } from '../../../../src/api.gen.ts'

/** An event as it is tried in the page. */
export type SampleEvent = {
  eventName: string
  dimensions: Readonly<Record<string, string | number | boolean>>
}

const EVENT_NAME_FIELDS = ['event_name', 'eventName']

/** Whether an event passes the filters of a meter, by the same rules as the server. */
export const matches = ({ filters }: Pick<Meter, 'filters'>, event: SampleEvent): boolean =>
  filters.length === 0 ||
  filters.some(({ conditions }) => conditions.every((each) => holds(each, event)))

export const holds = (condition: MeterCondition, event: SampleEvent): boolean =>
  isTrueOf(condition, dimensionOf(event, condition.field))

/** What a meter makes of an event. */
export type Outcome =
  | { kind: 'fails'; filters: number }
  | { kind: 'lacks' | 'noNumber' | 'tooLarge'; field: string }
  | { kind: 'one' }
  | { kind: 'mark'; value: string }
  | { kind: 'amount'; amount: number; isAdded: boolean }

export function outcomeOf(meter: Meter, event: SampleEvent): Outcome {
  const { aggregation, filters } = meter
  if (!matches(meter, event)) return { kind: 'fails', filters: filters.length }
  if (aggregation.function === 'COUNT') return { kind: 'one' }
  const field = aggregation.field ?? ''
  const value = dimensionOf(event, field)
  if (value === undefined) return { kind: 'lacks', field }
  if (aggregation.function === 'UNIQUE') return { kind: 'mark', value: String(value) }
  const amount = typeof value === 'boolean' ? null : numberIn(String(value))
  if (amount === null) return { kind: 'noNumber', field }
  if (Math.abs(amount) > Number.MAX_SAFE_INTEGER) return { kind: 'tooLarge', field }
  return { kind: 'amount', amount, isAdded: aggregation.function === 'SUM' }
}

type Value = string | number | boolean

function dimensionOf({ eventName, dimensions }: SampleEvent, field: string): Value | undefined {
  if (EVENT_NAME_FIELDS.includes(field)) return eventName
  return Object.hasOwn(dimensions, field) ? dimensions[field] : undefined
}

function isTrueOf(condition: MeterCondition, actual: Value | undefined): boolean {
  const { operation, value = '', values = [] } = condition
  if (actual === undefined) return operation === 'IS_NULL' || operation === 'NOT_EQUALS'
  const text = String(actual)
  switch (operation) {
    case 'IS_NULL':
      return false
    case 'IS_NOT_NULL':
      return true
    case 'IN':
      return values.some((each) => isSame(actual, each))
    case 'EQUALS':
      return isSame(actual, value)
    case 'NOT_EQUALS':
      return !isSame(actual, value)
    case 'CONTAINS':
      return text.includes(value)
    case 'STARTS_WITH':
      return text.startsWith(value)
    case 'ENDS_WITH':
      return text.endsWith(value)
    case 'GREATER_THAN':
      return order(text, value) > 0
    case 'GREATER_THAN_OR_EQUAL':
      return order(text, value) >= 0
    case 'LESS_THAN':
      return order(text, value) < 0
    case 'LESS_THAN_OR_EQUAL':
      return order(text, value) <= 0
  }
}

/** A number equals all of its notations, text only itself. */
const isSame = (actual: Value, value: string): boolean =>
  String(actual) === value || (typeof actual === 'number' && actual === numberIn(value))

function order(text: string, value: string): number {
  const [left, right] = [numberIn(text), numberIn(value)]
  if (left !== null && right !== null) return left - right
  return compareBytes(new TextEncoder().encode(text), new TextEncoder().encode(value))
}

function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const at = left.findIndex((byte, index) => byte !== right[index])
  if (at === -1) return left.length - right.length
  return (left[at] ?? 0) - (right[at] ?? -1)
}

const NUMBER = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i

function numberIn(text: string): number | null {
  const value = NUMBER.test(text) ? Number(text) : Number.NaN
  return Number.isFinite(value) ? value : null
}
