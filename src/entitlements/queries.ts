import { type Currency, findCurrencies, unknownCurrency } from '../catalog/currencies/index.ts'
import { customerNamed } from '../customers/index.ts'
import type { Reader } from '../db/index.ts'
import type { Call } from '../operation.ts'
import { decideCredit, type Subject } from './decide.ts'
import {
  type CustomerQuery,
  type EntitlementQuery,
  type FoundCustomer,
  findCustomer,
  findFeature,
} from './entitlement-store.ts'
import { type Evaluation, evaluate, subjectOf } from './evaluate.ts'
import { type Readable, readHoldings } from './holding.ts'
import type { Decision, Request } from './types.ts'

/** The query for the entitlements of a customer, or of one of its resources, as of now. */
export const customerQuery = (
  { app, scope }: Call,
  { customerId, resourceId }: { customerId: string; resourceId: string | null },
): CustomerQuery => ({
  scope,
  customerKey: customerNamed(scope, customerId),
  resourceId,
  now: app.clock.now(),
})

/** A question about one feature. */
export type FeatureCheck = { featureId: string; request: Request }

/** An answer, with what is known of whom it is about. */
export type CustomerAnswer<Answer> = { customer: FoundCustomer; answer: Answer }

/** Whether a customer may use a feature. What does not exist is a denial, not a refusal. */
export async function answerFeature(
  db: Readable,
  reading: EntitlementQuery,
  { featureId, request }: FeatureCheck,
): Promise<CustomerAnswer<Evaluation>> {
  const load = (reader: Reader) => findFeature(reader, reading, featureId)
  const { customer, holdings } = await readHoldings(db, load)
  const subject = subjectOf(customer, reading.resourceId)
  const { now } = customer
  return { customer, answer: evaluate(subject, holdings[0] ?? null, { request, now }) }
}

/** A question about one currency. */
export type CreditCheck = { currencyId: string; request: Request }

/** A question about a currency, and its answer. */
export type EvaluatedCredit = {
  subject: Subject
  request: Request
  currency: Currency
  decision: Decision
}

/** Whether a customer may spend a currency. 404 `CustomCurrencyNotFound`. */
export async function answerCredit(
  reader: Reader,
  reading: EntitlementQuery,
  { currencyId, request }: CreditCheck,
): Promise<CustomerAnswer<EvaluatedCredit>> {
  const [[currency], customer] = await Promise.all([
    findCurrencies(reader, reading.scope, [currencyId]),
    findCustomer(reader, reading),
  ])
  if (currency === undefined) throw unknownCurrency(currencyId)
  const subject = subjectOf(customer, reading.resourceId)
  return {
    customer,
    answer: { subject, request, currency, decision: decideCredit(subject, request) },
  }
}
