import { holdFeatures, unknownFeature } from '../catalog/features/index.ts'
import { changeStructure, lockVersions } from '../customers/index.ts'
import type { Tx } from '../db/index.ts'
import type { EntitlementPublisher } from '../entitlements/index.ts'
import { publish } from '../events/index.ts'
import { unschedule } from '../jobs/index.ts'
import type { Instant } from '../kernel/clock.ts'
import { badInput, duplicated, notFound } from '../kernel/errors.ts'
import { refuseOutdated } from '../kernel/etag.ts'
import { inBody, inPath } from '../kernel/field.ts'
import { firstRepeat } from '../kernel/first-repeat.ts'
import type { Uuid } from '../kernel/ids.ts'
import { isCountedSince } from '../metering/totals/index.ts'
import type { Call } from '../operation.ts'
import { changePromotional, changesReset } from './change-promotional.ts'
import { END_PROMOTIONAL, ENDS_SOON, scheduleEnds } from './due-work.ts'
import { grantPromotional } from './grant-promotional.ts'
import * as store from './store.ts'
import type { PromotionalChange, PromotionalEntitlement, PromotionalInput } from './types.ts'
import { promotionalToWire } from './wire.ts'

const GRANTS = inBody('promotionalEntitlements')

/** The maximum number in force per customer. Each list and each event reads all of them. */
export const IN_FORCE_LIMIT = 1000

export type PromotionalCall = Call & { publishEntitlements: EntitlementPublisher }
type CallAt = PromotionalCall & { now: Instant }

/** The result of a command, and the instant of decision. */
export type PromotionalResult<T> = { result: T; now: Instant }

/**
 * Grants promotional entitlements to a customer, all or none, and returns them in request order.
 * 404 `CustomerNotFound`, `FeatureNotFound`. 400 `EntityIsArchivedError` for an archived customer;
 * 400 as `grantPromotional`, for a duplicate feature and beyond `IN_FORCE_LIMIT`. 409 if one of the
 * features is already granted.
 */
export const grantPromotionals = (
  call: PromotionalCall,
  customerId: string,
  inputs: readonly PromotionalInput[],
): Promise<PromotionalResult<PromotionalEntitlement[]>> =>
  changeStructure(call, customerId, async (tx, { customerKey, now }) => {
    const { app, scope } = call
    refuseDuplicates(inputs)
    const featureIds = inputs.map(({ featureId }) => featureId)
    const [features, inForce, count] = await Promise.all([
      holdFeatures(tx, scope, featureIds),
      store.findInForce(tx, customerKey, { featureIds, now }),
      store.countInForce(tx, customerKey, now),
    ])
    const byId = new Map(features.map((feature) => [feature.id, feature]))
    const granted = inputs.map((input, index) => {
      const feature = byId.get(input.featureId)
      if (feature === undefined)
        throw unknownFeature(GRANTS.at(index).at('featureId'), input.featureId)
      const where = GRANTS.at(index).of(input.featureId)
      return grantPromotional(input, { feature, key: app.ids.next(now), now, where })
    })
    if (count + granted.length > IN_FORCE_LIMIT)
      throw badInput(
        GRANTS,
        `promotionalEntitlements: a customer may have at most ${IN_FORCE_LIMIT} in force`,
      )
    refuseGranted(inputs, inForce)
    const changes = granted.map((after) => ({ before: null, after }))
    const writes = [
      store.addPromotional(tx, { scope, customerKey }, granted),
      scheduleEnds(tx, { app, scope, now }, { customerKey, promotionals: granted }),
    ]
    await saveChanges(tx, { ...call, now }, { customerKey, kind: 'granted', changes, writes })
    return { result: granted, now }
  })

/** With two inputs for one feature it would be unclear which one is meant. */
function refuseDuplicates(inputs: readonly PromotionalInput[]): void {
  const repeat = firstRepeat(inputs.map(({ featureId }) => featureId))
  if (repeat !== null)
    throw badInput(
      GRANTS.at(repeat.index).at('featureId'),
      `promotionalEntitlements[${repeat.index}] (${repeat.value}): duplicate feature`,
    )
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
      GRANTS.at(index).at('featureId'),
      `promotionalEntitlements[${index}] (${input.featureId}): the feature is already granted`,
    )
}

type Changes = {
  customerKey: Uuid
  kind: 'granted' | 'updated' | 'revoked'
  changes: readonly { before: PromotionalEntitlement | null; after: PromotionalEntitlement }[]
  /** The statements that write the changes. */
  writes: readonly Promise<unknown>[]
}

/**
 * Publishes the changes in parallel with the statements that write them. Then it renews the version
 * of the customer and publishes its new entitlements.
 */
async function saveChanges(
  tx: Tx,
  call: CallAt,
  { customerKey, kind, changes, writes }: Changes,
): Promise<void> {
  const { scope, now } = call
  const toWire = (promotional: PromotionalEntitlement) =>
    promotionalToWire(promotional, { scope, isArchived: false, now })
  const events = changes.map(({ before, after }) => ({
    type: `promotional_entitlement.${kind}` as const,
    customerKey,
    objectId: after.key,
    before: before && toWire(before),
    after: toWire(after),
  }))
  await Promise.all([...writes, publish(tx, call, events)])
  const trigger = `promotional_entitlement_${kind}` as const
  await call.publishEntitlements(tx, call, { customerKey, trigger })
}

type PromotionalQuery = { customerId: string; featureId: string }
type LockedPromotional = { customerKey: Uuid; before: PromotionalEntitlement; now: Instant }

/**
 * Ends the promotional entitlement of a feature now and returns it. Usage stays. 404
 * `CustomerNotFound`, `PromotionalEntitlementNotFoundError` if none is in force; 400
 * `EntityIsArchivedError`.
 */
export const revokePromotional = (
  call: PromotionalCall,
  query: PromotionalQuery,
): Promise<PromotionalResult<PromotionalEntitlement>> =>
  changeInForce(call, query, async (tx, { customerKey, before, now }) => {
    const after = { ...before, endsAt: now, updatedAt: now }
    const changes = [{ before, after }]
    const writes = [
      store.endPromotional(tx, customerKey, after),
      unscheduleEnds(tx, customerKey, after.key),
    ]
    await saveChanges(tx, { ...call, now }, { customerKey, kind: 'revoked', changes, writes })
    return { result: after, now }
  })

/** Runs `work` with the promotional entitlement of a feature that is in force. */
const changeInForce = <T>(
  call: Call,
  { customerId, featureId }: PromotionalQuery,
  work: (tx: Tx, locked: LockedPromotional) => Promise<T>,
): Promise<T> =>
  changeStructure(call, customerId, async (tx, { customerKey, now }) => {
    const { scope } = call
    const [before] = await store.findInForce(tx, customerKey, { featureIds: [featureId], now })
    if (before === undefined)
      throw notFound(
        inPath('featureId'),
        'PromotionalEntitlementNotFoundError',
        `the customer ${customerId} has no promotional entitlement of ${featureId} in force`,
      )
    refuseOutdated(call, () => promotionalToWire(before, { scope, isArchived: false, now }))
    return work(tx, { customerKey, before, now })
  })

const unscheduleEnds = (tx: Tx, customerKey: Uuid, subject: Uuid): Promise<unknown> =>
  unschedule(tx, { customerKey, kinds: [END_PROMOTIONAL, ENDS_SOON], subject })

/**
 * Changes the promotional entitlement of a feature and returns it. Usage and the anchor of its
 * periods stay. 404 `CustomerNotFound`, `PromotionalEntitlementNotFoundError` if none is in force.
 * 400 `EntityIsArchivedError`, 400 as `changePromotional`, and `InvalidEntitlementResetPeriod` if
 * the reset period would change after usage was counted in it.
 */
export const updatePromotional = (
  call: PromotionalCall,
  query: PromotionalQuery,
  change: PromotionalChange,
): Promise<PromotionalResult<PromotionalEntitlement>> =>
  changeInForce(call, query, async (tx, locked) => {
    const { app, scope } = call
    const { featureId } = query
    const { customerKey, before, now } = locked
    const [feature] = await holdFeatures(tx, scope, [featureId])
    if (feature === undefined) throw unknownFeature(inPath('featureId'), featureId)
    const after = changePromotional(before, change, { feature, now, where: inBody().of(featureId) })
    if (after === before) return { result: before, now }
    if (changesReset(before, after)) await refuseIfCounted(tx, call, locked)
    const reschedule = async () => {
      if (after.endsAt === before.endsAt) return
      await unscheduleEnds(tx, customerKey, after.key)
      await scheduleEnds(tx, { app, scope, now }, { customerKey, promotionals: [after] })
    }
    const changes = [{ before, after }]
    const writes = [
      store.supersede(tx, customerKey, { ...before, now }),
      store.addPromotional(tx, { scope, customerKey }, [after]),
      reschedule(),
    ]
    await saveChanges(tx, { ...call, now }, { customerKey, kind: 'updated', changes, writes })
    return { result: after, now }
  })

/** Locks the customer's version first, so that no usage is counted after the check. */
async function refuseIfCounted(
  tx: Tx,
  { scope }: Call,
  { customerKey, before, now }: LockedPromotional,
): Promise<void> {
  await lockVersions(tx, scope, { customerKeys: [customerKey], now })
  const { feature, startsAt } = before
  if (await isCountedSince(tx, { customerKey, featureKey: feature.key }, startsAt))
    throw badInput(
      inBody('resetPeriod'),
      `${feature.id}: resetPeriod cannot change after usage was counted; ` +
        'revoke the entitlement and grant the feature again',
      'InvalidEntitlementResetPeriod',
    )
}
