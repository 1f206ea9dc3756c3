import type { AggregationFunction, ConditionOperation, Meter } from '../../../../src/api.gen.ts'
import { formatCount, formatNumber } from '../../format.ts'
import type { Choice } from '../../ui/select.tsx'
import type { Outcome } from './match.ts'

export const TEXTS = {
  archived: 'The feature is archived. Unarchive it first.',
  notCounted: 'Usage of this feature is not counted.',
  noMeter: 'Usage is what callers report. With a meter, usage is computed from raw events instead.',
  meterNote: 'Once usage was counted, only the filters can change.',
  firstMeter:
    'From then on, usage comes only from raw events. A meter can be changed, but not removed.',
  sample: 'Try an event',
  sampleHint: 'It is matched in this page as you type, and sent nowhere.',
  notJson: 'This is not JSON.',
  notEvent:
    'An event is an object with an eventName, and dimensions that are texts, numbers or true and false.',
  valuesHint: 'Enter adds a value.',
} as const

export const FUNCTIONS: readonly Choice<AggregationFunction>[] = [
  { value: 'COUNT', label: 'number of events' },
  { value: 'SUM', label: 'sum of a dimension' },
  { value: 'MAX', label: 'largest value of a dimension' },
  { value: 'MIN', label: 'smallest value of a dimension' },
  { value: 'AVG', label: 'average of a dimension' },
  { value: 'UNIQUE', label: 'number of different values of a dimension' },
]

export const OPERATIONS: readonly Choice<ConditionOperation>[] = [
  { value: 'EQUALS', label: 'is' },
  { value: 'NOT_EQUALS', label: 'is not' },
  { value: 'IN', label: 'is one of' },
  { value: 'CONTAINS', label: 'contains' },
  { value: 'STARTS_WITH', label: 'starts with' },
  { value: 'ENDS_WITH', label: 'ends with' },
  { value: 'GREATER_THAN', label: '>' },
  { value: 'GREATER_THAN_OR_EQUAL', label: '≥' },
  { value: 'LESS_THAN', label: '<' },
  { value: 'LESS_THAN_OR_EQUAL', label: '≤' },
  { value: 'IS_NULL', label: 'is absent' },
  { value: 'IS_NOT_NULL', label: 'is present' },
]

const USAGE: Readonly<Record<AggregationFunction, (field: string) => string>> = {
  COUNT: () => 'Usage is the number of events',
  SUM: (field) => `Usage is the sum of ${field}`,
  MAX: (field) => `Usage is the largest ${field}`,
  MIN: (field) => `Usage is the smallest ${field}`,
  AVG: (field) => `Usage is the average of ${field}`,
  UNIQUE: (field) => `Usage is the number of different values of ${field}`,
}

/** What a meter does, in a sentence. */
export function meterText({ aggregation, filters }: Meter): string {
  const usage = USAGE[aggregation.function](aggregation.field ?? '')
  if (filters.length === 0) return `${usage}. Every event counts.`
  return filters.length === 1
    ? `${usage}. Events count that pass this filter:`
    : `${usage}. Events count that pass one of these filters:`
}

/** What a meter makes of an event, in a sentence. */
export function outcomeText(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'fails':
      return outcome.filters === 1
        ? 'Does not count: it does not pass the filter.'
        : `Does not count: it passes none of ${formatCount(outcome.filters, 'filter')}.`
    case 'lacks':
      return `Does not count: it has no ${outcome.field}.`
    case 'noNumber':
      return `Does not count: its ${outcome.field} is no number.`
    case 'tooLarge':
      return `Is refused: its ${outcome.field} is beyond 2^53 − 1.`
    case 'one':
      return 'Counts as 1.'
    case 'mark':
      return `Counts, with the value ${JSON.stringify(outcome.value)}.`
    case 'amount':
      return outcome.isAdded
        ? `Counts: adds ${formatNumber(outcome.amount)}.`
        : `Counts, with the value ${formatNumber(outcome.amount)}.`
  }
}
