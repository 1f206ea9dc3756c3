import { stop } from './decide.ts'
import { type FoundCustomer, findFeatures, type Reading } from './entitlement-store.ts'
import { type Evaluated, evaluate, subjectOf } from './evaluate.ts'
import { type Readable, readHoldings } from './holding.ts'
import type { Request } from './types.ts'

/** What a customer has of features, or why it has nothing at all. */
export type Entitlements = {
  customer: FoundCustomer
  accessDeniedReason: 'CustomerNotFound' | 'CustomerIsArchived' | 'NoActiveSubscription' | null
  /** The newest feature first. */
  entitlements: Evaluated[]
}

const NOTHING: Request = { usage: null, values: null, defaultUsage: 0n }

/** Each feature that something in force grants or revokes, as a check of nothing answers it. */
export async function entitlementsOf(db: Readable, reading: Reading): Promise<Entitlements> {
  const { now, resourceId } = reading
  const found = await readHoldings(db, (reader) => findFeatures(reader, reading), now)
  const { customer } = found
  const subject = subjectOf(customer, resourceId)
  const stopped = stop(subject)
  if (stopped !== null) return { customer, accessDeniedReason: reasonOf(stopped), entitlements: [] }
  const entitlements = found.holdings
    .filter(({ resolution }) => resolution.held !== null || resolution.isRevoked)
    .map((holding) => evaluate(subject, holding, { request: NOTHING, now }))
  const isEmpty = entitlements.length === 0 && !subject.hasActiveSubscription
  return { customer, accessDeniedReason: isEmpty ? 'NoActiveSubscription' : null, entitlements }
}

/** The list of reasons is shorter here: of a resource that does not exist there is nothing. */
const reasonOf = ({ rule }: NonNullable<ReturnType<typeof stop>>) =>
  rule === 'CustomerNotFound' || rule === 'CustomerIsArchived' ? rule : 'NoActiveSubscription'
