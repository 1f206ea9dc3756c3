import { type Currency, findCurrencies, unknownCurrency } from '../catalog/index.ts'
import { customerNamed, requireStanding } from '../customers/index.ts'
import { type Reader, readPage } from '../db/index.ts'
import type { Instant } from '../kernel/clock.ts'
import type { CreatedRange } from '../kernel/created-range.ts'
import type { Page, PageRequest } from '../kernel/page.ts'
import type { Call } from '../operation.ts'
import { decideCredit, type Subject } from './decide.ts'
import { type FoundCustomer, findCustomer, findFeature, type Reading } from './entitlement-store.ts'
import { type Evaluated, evaluate, subjectOf } from './evaluate.ts'
import { type Readable, readHoldings } from './holding.ts'
import { type Entitlements, entitlementsOf } from './list-entitlements.ts'
import { statusInForce } from './promotional-status.ts'
import * as promotionalStore from './promotional-store.ts'
import type { SourceLoader } from './source-port.ts'
import type {
  Decision,
  PromotionalEntitlement,
  PromotionalEntitlementStatus,
  Request,
} from './types.ts'

/** Whose entitlements are asked for. */
export type Asking = {
  customerId: string
  resourceId: string | null
  loaders: readonly SourceLoader[]
}

export const readingOf = (
  { app, scope }: Call,
  { customerId, resourceId, loaders }: Asking,
): Reading => ({
  scope,
  customerKey: customerNamed(scope, customerId),
  resourceId,
  now: app.clock.now(),
  loaders,
})

/** A question about one feature. */
export type FeatureQuestion = { featureId: string; request: Request }

/** An answer, with what is known of whom it is about. */
export type Answered<Answer> = { customer: FoundCustomer; answer: Answer }

/** Whether a customer may use a feature. What does not exist is a denial, not a refusal. */
export async function answerFeature(
  db: Readable,
  reading: Reading,
  { featureId, request }: FeatureQuestion,
): Promise<Answered<Evaluated>> {
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
  reading: Reading,
  { currencyId, request }: { currencyId: string; request: Request },
): Promise<Answered<EvaluatedCredit>> {
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
export const listEntitlements = (call: Call, asking: Asking): Promise<Entitlements> =>
  entitlementsOf(call.app.db, readingOf(call, asking))

/** A page of grants, with what their status depends on besides themselves. */
export type PromotionalPage = Page<PromotionalEntitlement> & { isArchived: boolean; now: Instant }

/** A customer's promotional entitlements, newest first. 404 `CustomerNotFound`. */
export async function listPromotional(
  { app, scope }: Call,
  query: {
    customerId: string
    statuses: readonly PromotionalEntitlementStatus[] | null
    created: CreatedRange
    page: PageRequest
  },
): Promise<PromotionalPage> {
  const { read } = app.db
  const { key, archivedAt } = await requireStanding(read, scope, query.customerId)
  const now = app.clock.now()
  const isArchived = archivedAt !== null
  const filter = { ...query, inForce: statusInForce(isArchived), now }
  const page = await readPage(query.page, {
    rows: () => promotionalStore.listPromotional(read, key, filter),
    exists: (cursor) => promotionalStore.promotionalExists(read, key, cursor),
  })
  return { ...page, isArchived, now }
}
