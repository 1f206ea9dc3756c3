import { holdFeatures, unknownFeature } from '../catalog/features/index.ts'
import { lockActiveCustomer, lockVersions, renewVersion } from '../customers/index.ts'
import type { Tx } from '../db/index.ts'
import { announceUpdated, type EntitlementSource } from '../entitlements/index.ts'
import { type Event, type EventType, publish } from '../events/index.ts'
import { unschedule } from '../jobs/index.ts'
import type { Instant } from '../kernel/clock.ts'
import { badInput, duplicated, notFound } from '../kernel/errors.ts'
import type { Uuid } from '../kernel/ids.ts'
import { isCountedSince } from '../metering/totals/index.ts'
import type { Call } from '../operation.ts'
import { changePromotional, changesReset } from './change-promotional.ts'
import { END_PROMOTIONAL, ENDS_SOON, scheduleEnds } from './due-work.ts'
import { grantPromotional } from './grant-promotional.ts'
import * as store from './store.ts'
import type { PromotionalChange, PromotionalEntitlement, PromotionalInput } from './types.ts'
import { promotionalToWire } from './wire.ts'

/** Grants of one customer in force at once: they are all read for a list, and announced. */
export const IN_FORCE_LIMIT = 1000

/** What a command on grants answers: they are as of `now`. */
export type GrantResult<T> = { granted: T; now: Instant }

/**
 * Grants features to a customer, all or none, and answers them in request order. 404
 * `CustomerNotFound`, `FeatureNotFound`; 400 `EntityIsArchivedError` for an archived customer, as
 * `grantPromotional`, for a feature that stands twice, and for too many; 409 for a feature that is
 * granted already.
 */
export async function grantPromotionals(
  call: Call,
  customer: { customerId: string; loaders: readonly EntitlementSource[] },
  inputs: readonly PromotionalInput[],
): Promise<GrantResult<PromotionalEntitlement[]>> {
  const { app, scope } = call
  const work = async (tx: Tx) => {
    const customerKey = await lockActiveCustomer(tx, scope, customer.customerId)
    refuseRepeated(inputs)
    const now = app.clock.now()
    const featureIds = inputs.map(({ featureId }) => featureId)
    const [features, inForce, count] = await Promise.all([
      holdFeatures(tx, scope, featureIds),
      store.findInForce(tx, customerKey, { featureIds, now }),
      store.countInForce(tx, customerKey, now),
    ])
    const byId = new Map(features.map((feature) => [feature.id, feature]))
    const grants = inputs.map((input, index) => {
      const feature = byId.get(input.featureId)
      if (feature === undefined) throw unknownFeature(input.featureId)
      const where = `promotionalEntitlements[${index}] (${input.featureId})`
      return grantPromotional(input, feature, { key: app.ids.next(now), now, where })
    })
    if (count + grants.length > IN_FORCE_LIMIT)
      throw badInput(`promotionalEntitlements: a customer has at most ${IN_FORCE_LIMIT} in force`)
    refuseGranted(inputs, inForce)
    await saveGranted(tx, { ...call, now }, { ...customer, customerKey, grants })
    return { granted: grants, now }
  }
  return app.db.transaction(work)
}

/** Which of two limits of one feature should count is unknowable. */
function refuseRepeated(inputs: readonly PromotionalInput[]): void {
  const seen = new Set<string>()
  inputs.forEach(({ featureId }, index) => {
    if (seen.has(featureId))
      throw badInput(`promotionalEntitlements[${index}] (${featureId}): the feature stands twice`)
    seen.add(featureId)
  })
}

function refuseGranted(
  inputs: readonly PromotionalInput[],
  inForce: readonly PromotionalEntitlement[],
): void {
  const taken = new Set(inForce.map(({ feature }) => feature.id))
  const index = inputs.findIndex(({ featureId }) => taken.has(featureId))
  const input = inputs[index]
  if (input !== undefined)
    throw duplicated(
      `promotionalEntitlements[${index}] (${input.featureId}): the feature is granted already`,
    )
}

type CustomerSources = { customerKey: Uuid; loaders: readonly EntitlementSource[] }
type Now = Call & { now: Instant }

const eventOf = (
  call: Now,
  type: EventType,
  of: {
    customerKey: Uuid
    before: PromotionalEntitlement | null
    after: PromotionalEntitlement
  },
): Event => ({
  type,
  customerKey: of.customerKey,
  objectId: of.after.key,
  before: of.before && grantToAnnounce(call, of.before),
  after: grantToAnnounce(call, of.after),
})

/** The version is renewed last: usage is counted before or after all of the change. */
async function tellUpdated(
  tx: Tx,
  call: Now,
  updated: Parameters<typeof announceUpdated>[2],
): Promise<void> {
  await announceUpdated(tx, call, updated)
  await renewVersion(tx, call, [updated.customerKey])
}

async function saveGranted(
  tx: Tx,
  call: Now,
  { customerKey, loaders, grants }: CustomerSources & { grants: readonly PromotionalEntitlement[] },
): Promise<void> {
  const granted = grants.map((after) =>
    eventOf(call, 'promotional_entitlement.granted', { customerKey, before: null, after }),
  )
  await Promise.all([
    store.addPromotional(tx, { scope: call.scope, customerKey }, grants),
    scheduleEnds(tx, call, { customerKey, grants }),
    publish(tx, call, granted),
  ])
  await tellUpdated(tx, call, { customerKey, trigger: 'promotional_entitlement_granted', loaders })
}

const grantToAnnounce = ({ scope, now }: Now, grant: PromotionalEntitlement) =>
  promotionalToWire(grant, { scope, isArchived: false, now })

/**
 * Ends the grant of a feature now, and answers it. Usage stays. 404 `CustomerNotFound`; 400
 * `EntityIsArchivedError`; 404 `PromotionalEntitlementNotFoundError` without a grant in force.
 */
export async function revokePromotional(
  call: Call,
  customer: { customerId: string; loaders: readonly EntitlementSource[] },
  featureId: string,
): Promise<GrantResult<PromotionalEntitlement>> {
  const { app, scope } = call
  const { customerId, loaders } = customer
  const work = async (tx: Tx) => {
    const customerKey = await lockActiveCustomer(tx, scope, customerId)
    const now = app.clock.now()
    const before = await requireInForce(tx, { customerKey, customerId, featureId, now })
    const after = { ...before, endsAt: now, updatedAt: now }
    await saveRevoked(tx, { ...call, now }, { customerKey, loaders, before, after })
    return { granted: after, now }
  }
  return app.db.transaction(work)
}

type PromotionalQuery = { customerKey: Uuid; customerId: string; featureId: string; now: Instant }

async function requireInForce(tx: Tx, wanted: PromotionalQuery): Promise<PromotionalEntitlement> {
  const { customerKey, customerId, featureId, now } = wanted
  const [found] = await store.findInForce(tx, customerKey, { featureIds: [featureId], now })
  if (found !== undefined) return found
  throw notFound(
    'PromotionalEntitlementNotFoundError',
    `the customer ${customerId} has no promotional entitlement of ${featureId} in force`,
  )
}

async function saveRevoked(
  tx: Tx,
  call: Now,
  revoked: CustomerSources & { before: PromotionalEntitlement; after: PromotionalEntitlement },
): Promise<void> {
  const { customerKey, loaders, before, after } = revoked
  const event = eventOf(call, 'promotional_entitlement.revoked', { customerKey, before, after })
  const kinds = [END_PROMOTIONAL, ENDS_SOON]
  await Promise.all([
    store.endPromotional(tx, customerKey, after),
    unschedule(tx, { customerKey, kinds, subject: after.key }),
    publish(tx, call, [event]),
  ])
  await tellUpdated(tx, call, { customerKey, trigger: 'promotional_entitlement_revoked', loaders })
}

/**
 * Changes the grant of a feature that is in force, and answers it: its usage and the anchor of its
 * periods stay. 404 `CustomerNotFound`; 400 `EntityIsArchivedError`; 404
 * `PromotionalEntitlementNotFoundError` without one in force; 400 as `changePromotional`, and
 * `InvalidEntitlementResetPeriod` for other periods once something was counted in them.
 */
export async function changeGranted(
  call: Call,
  customer: { customerId: string; loaders: readonly EntitlementSource[] },
  { featureId, change }: { featureId: string; change: PromotionalChange },
): Promise<GrantResult<PromotionalEntitlement>> {
  const { app, scope } = call
  const { customerId, loaders } = customer
  const work = async (tx: Tx) => {
    const customerKey = await lockActiveCustomer(tx, scope, customerId)
    const now = app.clock.now()
    const before = await requireInForce(tx, { customerKey, customerId, featureId, now })
    const [feature] = await holdFeatures(tx, scope, [featureId])
    if (feature === undefined) throw unknownFeature(featureId)
    const after = changePromotional(before, change, { feature, now, where: featureId })
    if (after === before) return { granted: before, now }
    if (changesReset(before, after)) await refuseCounted(tx, call, { customerKey, before, now })
    await saveChanged(tx, { ...call, now }, { customerKey, loaders, before, after })
    return { granted: after, now }
  }
  return app.db.transaction(work)
}

/** Under the customer's head, or something might be counted in between. */
async function refuseCounted(
  tx: Tx,
  { scope }: Call,
  of: { customerKey: Uuid; before: PromotionalEntitlement; now: Instant },
): Promise<void> {
  const { customerKey, before, now } = of
  await lockVersions(tx, scope, { customerKeys: [customerKey], now })
  const { feature, startsAt } = before
  if (await isCountedSince(tx, { customerKey, featureKey: feature.key }, startsAt))
    throw badInput(
      `${feature.id}: resetPeriod: usage has been counted since the grant began; ` +
        'revoke it and grant the feature anew',
      'InvalidEntitlementResetPeriod',
    )
}

async function saveChanged(
  tx: Tx,
  call: Now,
  changed: CustomerSources & { before: PromotionalEntitlement; after: PromotionalEntitlement },
): Promise<void> {
  const { customerKey, loaders, before, after } = changed
  const event = eventOf(call, 'promotional_entitlement.updated', { customerKey, before, after })
  const kinds = [END_PROMOTIONAL, ENDS_SOON]
  await Promise.all([
    store.supersede(tx, customerKey, { ...before, now: call.now }),
    store.addPromotional(tx, { scope: call.scope, customerKey }, [after]),
    publish(tx, call, [event]),
  ])
  if (after.endsAt !== before.endsAt) {
    await unschedule(tx, { customerKey, kinds, subject: after.key })
    await scheduleEnds(tx, call, { customerKey, grants: [after] })
  }
  await tellUpdated(tx, call, { customerKey, trigger: 'promotional_entitlement_updated', loaders })
}
