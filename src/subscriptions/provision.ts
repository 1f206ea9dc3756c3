import type { CustomerEntitlements } from '../api.gen.ts'
import { holdCatalog } from '../catalog/index.ts'
import { findOwner, lockActiveCustomer, requireActiveCustomer } from '../customers/index.ts'
import type { Tx } from '../db/index.ts'
import type { EntitlementPublisher } from '../entitlements/index.ts'
import type { Instant } from '../kernel/clock.ts'
import { inBody } from '../kernel/field.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Call } from '../operation.ts'
import { announce, publishAt, triggersOf } from './announce.ts'
import { inTurn, mainOf, subscriptionOf, trialOf } from './change-line.ts'
import { decideTrial, type TrialQuestion } from './decide-trial.ts'
import { findPlace, type Place } from './find-place.ts'
import { newSuccessor } from './journey.ts'
import { findHistory } from './line-store.ts'
import { loadNames, type NamedSubscription } from './names-store.ts'
import { type ProvisionInput, provisionSubscription } from './provision-subscription.ts'
import { type ContentInput, readAddons, readMetadata, readOverrides } from './read-content.ts'
import { saveChange, scheduleSettlement, takenId } from './save-change.ts'
import { settleCustomer, settled } from './settle-lines.ts'
import type { AnchorChoice, BillingPeriod, ScheduleStrategy, Subscription } from './types.ts'

export type SubscriptionCall = Call & { publishEntitlements: EntitlementPublisher }
type CallAt = SubscriptionCall & { now: Instant }

export type ProvisionRequest = ContentInput & {
  customerId: string
  planId: string
  /** null: the key of the new subscription. */
  id: string | null
  resourceId: string | null
  /** null: now. */
  startsAt: Instant | null
  cancellationAt: Instant | null
  endingAt: Instant | null
  billingPeriod: BillingPeriod | undefined
  anchor: AnchorChoice
  strategy: ScheduleStrategy | null
  trial: TrialQuestion['override']
  payingCustomerId: string | null
  billingId: string | null
  salesforceId: string | null
}

/** The subscription that the request is about, and what the customer may use now. */
export type ProvisionResult = NamedSubscription & {
  isScheduled: boolean
  entitlements: CustomerEntitlements['entitlements']
}

/**
 * Provisions a subscription to a plan. 404 `CustomerNotFound`, `PlanNotFound`, `AddonsNotFound`,
 * `FeatureNotFound`; 409 if the id is taken; 400 as `findPlace`, `readAddons`, `readOverrides`,
 * `readMetadata`, `decideTrial` and `provisionSubscription`.
 */
export const provision = (
  call: SubscriptionCall,
  request: ProvisionRequest,
): Promise<ProvisionResult> =>
  call.app.db.transaction(async (tx) => {
    const { app, scope } = call
    const { customerId, planId, resourceId, addons = [] } = request
    await holdCatalog(tx, scope)
    const customerKey = await lockActiveCustomer(tx, scope, customerId, inBody('customerId'))
    const payingCustomerKey = await findPayer(tx, call, request)
    const customer = await settleCustomer(tx, { ...call, now: app.clock.now() }, customerKey)
    const at: CallAt = { ...call, now: customer.now }
    const addonIds = addons.map(({ id }) => id)
    const place = await findPlace(tx, at, customer, { planId, resourceId, addonIds })
    if (request.id !== null && (await isTaken(tx, call, request.id))) throw takenId(request.id)
    const { stored, packages } = place
    const input = await inputOf(tx, at, { request, place, customerKey })
    const moment = { at: at.now, packages }
    const { key, isScheduled, ...done } = provisionSubscription(stored.line, input, moment)
    const change = inTurn(done, (line) => settled(line, at.now, packages))
    const { billingId, salesforceId } = request
    const facts = { key: input.key, payingCustomerKey, billingId, salesforceId }
    if (change.transitions.length > 0) {
      const saved = await saveChange(tx, at, { customerKey, stored, change, facts })
      await scheduleSettlement(tx, at, customerKey, saved)
      await announce(tx, at, { customerKey, transitions: change.transitions, packages })
    }
    const transitions = [...customer.transitions, ...change.transitions]
    const triggers = await triggersOf(tx, { customerKey, transitions })
    // The retry of a request gets its response from the first list that the request published.
    const { entitlements } = await call.publishEntitlements(tx, at, {
      customerKey,
      trigger: transitions.length === 0 ? null : (triggers.get(resourceId) ?? UPDATED),
      resourceId,
    })
    triggers.delete(resourceId)
    await publishAt(tx, at, { customerKey, triggers }, call.publishEntitlements)
    const subscription = subscriptionOf(change.line, key)
    const names = await loadNames(tx, [{ customerKey, subscription }])
    return { subscription, names, isScheduled, entitlements }
  })

const isTaken = async (tx: Tx, { scope }: Call, id: string): Promise<boolean> =>
  (await findOwner(tx, scope, { kind: 'subscription', id })) !== null

/** A provision publishes the entitlements also if they stay the same. */
const UPDATED = 'subscription_updated'

/** Returns the customer that pays, unless it is the owner itself. */
async function findPayer(
  tx: Tx,
  { scope }: Call,
  { payingCustomerId, customerId }: ProvisionRequest,
): Promise<Uuid | null> {
  if (payingCustomerId === null || payingCustomerId === customerId) return null
  return requireActiveCustomer(tx, scope, payingCustomerId, inBody('payingCustomerId'))
}

type Found = { request: ProvisionRequest; place: Place; customerKey: Uuid }

async function inputOf(
  tx: Tx,
  { app, scope, now }: CallAt,
  { request, place, customerKey }: Found,
): Promise<ProvisionInput> {
  const { stored, product, plan, planKey, packages, names } = place
  const { startsAt, cancellationAt, endingAt, billingPeriod, anchor, strategy } = request
  const present = presentOf(place, request, now)
  const pins = present?.pins ?? []
  const addons = readAddons(request, names, { planKey, pins, at: now, packages })
  const overrides = await readOverrides(tx, scope, request)
  const metadata = readMetadata(present?.content.metadata ?? {}, request)
  const history = await findHistory(tx, customerKey, stored.productKey)
  const trial = decideTrial({
    plan,
    override: request.trial,
    history,
    startsAt: startsAt ?? now,
    successor: newSuccessor(product, app.ids, now),
    where: inBody('trialOverrideConfiguration'),
  })
  const follower = newSuccessor(product, app.ids, now)
  const successor = follower?.planKey === planKey ? null : follower
  const key = app.ids.next(now)
  return {
    ...{ key, id: request.id ?? key, planKey, startsAt, trial, addons, overrides, metadata },
    ...{ billingPeriod, anchor, strategy, units: undefined, firstPayment: 'NOT_NEEDED' },
    cancellation: cancellationAt === null ? null : { at: cancellationAt, successor },
    ending: endingAt === null ? null : { at: endingAt, successor },
    isTrialRefused: request.trial?.isTrial === false,
    usageCutoff: product.usageResetCutoff,
  }
}

/** The subscription to the same plan that the request changes; null if there is none. */
function presentOf(
  { stored, planKey }: Place,
  { startsAt, trial }: ProvisionRequest,
  now: Instant,
): Subscription | null {
  if ((startsAt !== null && startsAt > now) || trial?.isTrial === true) return null
  const isSame = (each: Subscription | null) => each?.planKey === planKey
  return [mainOf(stored.line), trialOf(stored.line)].find(isSame) ?? null
}
