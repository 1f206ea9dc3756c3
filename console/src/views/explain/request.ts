import type { Search } from '../../address-state.ts'
import { CallError } from '../../api/errors.ts'
import { numberIn, refuseNumber } from '../../ui/number.ts'

/** A dimension as it is typed. */
export type Dimension = { key: string; value: string }

/** What is asked, as it stands in the address. */
export type Question = {
  customer: string
  feature: string
  currency: string
  amount: string
  values: string
  resource: string
  dimensions: readonly Dimension[]
}

const PREFIX = 'd.'

export function questionOf(search: Search): Question {
  return {
    customer: search.customer ?? '',
    feature: search.feature ?? '',
    currency: search.currency ?? '',
    amount: search.amount ?? '',
    values: search.values ?? '',
    resource: search.resource ?? '',
    dimensions: Object.entries(search).flatMap(([name, value]) =>
      name.startsWith(PREFIX) ? [{ key: name.slice(PREFIX.length), value: value ?? '' }] : [],
    ),
  }
}

/** The search parameters of a question. Null takes one out that the former had. */
export function searchOf(question: Question, former: Question): Record<string, string | null> {
  const { dimensions, ...fields } = question
  const named = (all: readonly Dimension[], value: (each: Dimension) => string | null) =>
    Object.fromEntries(
      all.filter(({ key }) => key !== '').map((each) => [`${PREFIX}${each.key}`, value(each)]),
    )
  return {
    ...Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, value || null])),
    ...named(former.dimensions, () => null),
    ...named(dimensions, ({ value }) => value),
  }
}

export const isComplete = (question: Question): boolean =>
  question.customer !== '' &&
  (question.feature !== '') !== (question.currency !== '') &&
  refuseAmount(question) === null

/** What is wrong with the amount, which the address may have from anywhere. */
export function refuseAmount({ amount }: Question): CallError | null {
  const problem = amount.trim() === '' ? null : refuseNumber('amount', amount)
  return problem && new CallError({ status: 400, ...problem })
}

/** The request that answers a question. */
export function requestOf(question: Question) {
  const { customer, feature, currency, amount, values, resource, dimensions } = question
  const units = numberIn(amount)
  const named = dimensions.filter(({ key, value }) => key !== '' && value !== '')
  return {
    params: { id: customer },
    query: {
      ...(feature !== '' ? { featureId: feature } : { currencyId: currency }),
      ...(units !== null && { requestedUsage: units }),
      ...(values !== '' && { requestedValues: values.split(',').map((each) => each.trim()) }),
      ...(resource !== '' && { resourceId: resource }),
      ...(named.length > 0 && {
        dimensions: Object.fromEntries(named.map(({ key, value }) => [key, value])),
      }),
    },
  }
}

/** What a question asks for, in units: what the server takes if nothing is said. */
export function amountOf({ amount, dimensions }: Question): number {
  return numberIn(amount) ?? (dimensions.length > 0 ? 1 : 0)
}
