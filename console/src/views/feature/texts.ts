import type { AggregationFunction, ConditionOperation, Meter } from '../../../../src/api.gen.ts'
import { formatCount, formatNumber } from '../../format.ts'
import { labelledChoices } from '../../ui/choices.ts'
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

export const FUNCTIONS = labelledChoices<AggregationFunction>({
  COUNT: 'number of events',
  SUM: 'sum of a dimension',
  MAX: 'largest value of a dimension',
  MIN: 'smallest value of a dimension',
  AVG: 'average of a dimension',
  UNIQUE: 'number of different values of a dimension',
})

export const OPERATIONS = labelledChoices<ConditionOperation>({
  EQUALS: 'is',
  NOT_EQUALS: 'is not',
  IN: 'is one of',
  CONTAINS: 'contains',
  STARTS_WITH: 'starts with',
  ENDS_WITH: 'ends with',
  GREATER_THAN: '>',
  GREATER_THAN_OR_EQUAL: '≥',
  LESS_THAN: '<',
  LESS_THAN_OR_EQUAL: '≤',
  IS_NULL: 'is absent',
  IS_NOT_NULL: 'is present',
})

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
