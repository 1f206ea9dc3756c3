import type {
  AggregationFunction,
  ConditionOperation,
  Meter,
  MeterCondition,
} from '../../../../src/api.gen.ts'
import type { SampleEvent } from './match.ts'

/** A meter as it is typed: parts stay that the chosen function or operation does not use. */
export type MeterDraft = {
  function: AggregationFunction
  field: string
  filters: readonly (readonly ConditionDraft[])[]
}

export type ConditionDraft = {
  field: string
  operation: ConditionOperation
  value: string
  values: readonly string[]
}

export const NEW_CONDITION: ConditionDraft = {
  field: 'eventName',
  operation: 'EQUALS',
  value: '',
  values: [],
}

export const isWithoutValue = (operation: ConditionOperation): boolean =>
  operation === 'IS_NULL' || operation === 'IS_NOT_NULL'

export const draftOf = (meter: Meter | null): MeterDraft => ({
  function: meter?.aggregation.function ?? 'COUNT',
  field: meter?.aggregation.field ?? '',
  filters: (meter?.filters ?? []).map(({ conditions }) =>
    conditions.map(({ field, operation, value, values }) => ({
      field,
      operation,
      value: value ?? values?.[0] ?? '',
      values: values ?? [],
    })),
  ),
})

export const meterOf = (draft: MeterDraft): Meter => ({
  aggregation: {
    function: draft.function,
    ...(draft.function !== 'COUNT' && { field: draft.field }),
  },
  filters: draft.filters.map((conditions) => ({ conditions: conditions.map(conditionOf) })),
})

export function conditionOf({ field, operation, value, values }: ConditionDraft): MeterCondition {
  if (isWithoutValue(operation)) return { field, operation }
  return operation === 'IN'
    ? { field, operation, values: [...values] }
    : { field, operation, value }
}

/** What was chosen for one value also stands for several, and the other way round. */
export function withOperation(
  draft: ConditionDraft,
  operation: ConditionOperation,
): ConditionDraft {
  const { value, values } = draft
  if (operation === 'IN')
    return { ...draft, operation, values: values.length === 0 && value !== '' ? [value] : values }
  return { ...draft, operation, value: value === '' ? (values[0] ?? '') : value }
}

const NAMES: readonly string[] = ['eventName', 'event_name']

/** An event to begin with, which has what the meter asks for. */
export function sampleFor({ aggregation, filters }: Meter): SampleEvent {
  const conditions = filters[0]?.conditions ?? []
  const wanted = conditions.map(({ field, operation, value = '', values = [] }) => {
    const text = operation === 'IN' ? (values[0] ?? '') : value
    return [field, operation.endsWith('EQUAL') && text !== '' ? Number(text) : text] as const
  })
  const name = wanted.find(([field]) => NAMES.includes(field))?.[1]
  const dimensions = Object.fromEntries(wanted.filter(([field]) => !NAMES.includes(field)))
  const { field } = aggregation
  return {
    eventName: name === undefined ? 'answer_generated' : String(name),
    dimensions: field === undefined || field === '' ? dimensions : { ...dimensions, [field]: 1200 },
  }
}

/** Reads an event. Returns which of the two it is not: JSON, or an event. */
export function eventIn(text: string): SampleEvent | 'notJson' | 'notEvent' {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return 'notJson'
  }
  if (!isRecord(value)) return 'notEvent'
  const { eventName, dimensions = {} } = value
  if (typeof eventName !== 'string' || !isRecord(dimensions)) return 'notEvent'
  const pairs = Object.entries(dimensions).flatMap(([key, each]) =>
    typeof each === 'string' || typeof each === 'number' || typeof each === 'boolean'
      ? [[key, each] as const]
      : [],
  )
  const isWhole = pairs.length === Object.keys(dimensions).length
  return isWhole ? { eventName, dimensions: Object.fromEntries(pairs) } : 'notEvent'
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
