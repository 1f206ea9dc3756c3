import type { Reader } from '../db/index.ts'
import { NO_RESOURCE } from '../metering/index.ts'
import { findHoldEnds } from '../metering/reservations/index.ts'
import { stop } from './decide.ts'
import { type EntitlementQuery, type FoundCustomer, findFeatures } from './entitlement-store.ts'
import { type Evaluation, evaluate, subjectOf } from './evaluate.ts'
import { type Readable, readHoldings } from './holding.ts'
import type { Request } from './types.ts'
import { firstAfter, isHeldUp } from './valid-until.ts'

/** What a customer has of features, or why it has nothing at all. */
export type Entitlements = {
  customer: FoundCustomer
  accessDeniedReason: 'CustomerNotFound' | 'CustomerIsArchived' | 'NoActiveSubscription' | null
  /** The newest feature first. */
  entitlements: Evaluation[]
  /** Whether anything is in force, which an archived customer may not use all the same. */
  hasAnything: boolean
}

const NOTHING: Request = { usage: null, values: null, defaultUsage: 0n }

/** Each feature that something in force grants or revokes, as a check of nothing answers it. */
export async function entitlementsOf(
  db: Readable,
  reading: EntitlementQuery,
): Promise<Entitlements> {
  const found = await readHoldings(db, (reader) => findFeatures(reader, reading))
  const { customer } = found
  const { now } = customer
  const subject = subjectOf(customer, reading.resourceId)
  const inForce = found.holdings.filter(
    ({ resolution }) => resolution.held !== null || resolution.isRevoked,
  )
  const hasAnything = inForce.length > 0
  const stopped = stop(subject)
  if (stopped !== null)
    return { customer, accessDeniedReason: reasonOf(stopped), entitlements: [], hasAnything }
  const answers = inForce.map((each) => evaluate(subject, each, { request: NOTHING, now }))
  const isNobody = !hasAnything && !subject.hasActiveSubscription
  return {
    customer,
    accessDeniedReason: isNobody ? 'NoActiveSubscription' : null,
    entitlements: await untilHoldsEnd(db.read, customer, answers),
    hasAnything,
  }
}

/** Answers that end with a hold, too, where what is held is in their way. */
async function untilHoldsEnd(
  reader: Reader,
  { customerKey, resourceKey, now }: FoundCustomer,
  answers: readonly Evaluation[],
): Promise<Evaluation[]> {
  const heldUp = answers.filter(isHeldUp)
  const windows = heldUp.flatMap(({ holding }) =>
    holding === null || customerKey === null
      ? []
      : {
          ...{ customerKey, featureKey: holding.feature.key, window: holding.window },
          resourceKey: resourceKey ?? NO_RESOURCE,
        },
  )
  const ends = await findHoldEnds(reader, windows, now)
  const endOf = new Map(heldUp.map((answer, index) => [answer, ends[index] ?? null]))
  return answers.map((answer) => {
    const until = firstAfter(now, [answer.validUntil, endOf.get(answer) ?? null])
    return { ...answer, validUntil: until }
  })
}

/** The list of reasons is shorter here: of a resource that does not exist there is nothing. */
const reasonOf = ({ rule }: NonNullable<ReturnType<typeof stop>>) =>
  rule === 'CustomerNotFound' || rule === 'CustomerIsArchived' ? rule : 'NoActiveSubscription'
