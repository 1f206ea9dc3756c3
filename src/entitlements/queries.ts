import { type Currency, findCurrencies, unknownCurrency } from '../catalog/currencies/index.ts'
import { customerNamed } from '../customers/index.ts'
import type { Reader } from '../db/index.ts'
import type { Call } from '../operation.ts'
import { decideCredit, type Subject } from './decide.ts'
import {
  type EntitlementQuery,
  type FoundCustomer,
  findCustomer,
  findFeature,
} from './entitlement-store.ts'
import { type Evaluation, evaluate, subjectOf } from './evaluate.ts'
import { type Readable, readHoldings } from './holding.ts'
import { type Entitlements, entitlementsOf } from './list-entitlements.ts'
import type { EntitlementSource } from './source-port.ts'
import type { Decision, Request } from './types.ts'

/** Whose entitlements are asked for. */
export type CustomerQuery = {
  customerId: string
  resourceId: string | null
  loaders: readonly EntitlementSource[]
}

export const readingOf = (
  { app, scope }: Call,
  { customerId, resourceId, loaders }: CustomerQuery,
): EntitlementQuery => ({
  scope,
  customerKey: customerNamed(scope, customerId),
  resourceId,
  now: app.clock.now(),
  loaders,
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
  { currencyId, request }: { currencyId: string; request: Request },
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

/** What a customer may use, by feature. */
export const listEntitlements = (call: Call, asking: CustomerQuery): Promise<Entitlements> =>
  entitlementsOf(call.app.db, readingOf(call, asking))
