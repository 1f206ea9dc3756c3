import type {
  SubscriptionCancelRequestBody,
  SubscriptionEntitlementInput,
  SubscriptionImportRequestBody,
  SubscriptionImportRow,
  SubscriptionProvisionRequestBody,
  SubscriptionUpdateRequestBody,
} from '../api.gen.ts'
import { accordingToFromWire, limitFromWire } from '../catalog/features/index.ts'
import type { EntitlementPublisher } from '../entitlements/index.ts'
import type { Instant } from '../kernel/clock.ts'
import { createdRange } from '../kernel/created-range.ts'
import { badInput } from '../kernel/errors.ts'
import { type Field, inBody } from '../kernel/field.ts'
import { pageRequest, pageToWire } from '../kernel/page.ts'
import type { Call, Handlers } from '../operation.ts'
import type { CancelInput } from './cancel-subscription.ts'
import {
  cancelFutureUpdates,
  cancelSubscription,
  migrateSubscription,
  type UpdateRequest,
  updateSubscription,
} from './commands.ts'
import { delegateSubscription } from './delegate.ts'
import type { ImportRow } from './import-row.ts'
import { importSubscriptions } from './import-subscriptions.ts'
import { loadNames, type NamedSubscription } from './names-store.ts'
import { type ProvisionRequest, provision, type SubscriptionCall } from './provision.ts'
import { listSubscriptions, retrieveSubscription } from './queries.ts'
import type { ContentInput, OverrideInput } from './read-content.ts'
import { transferSubscription } from './transfer.ts'
import { subscriptionToWire } from './wire.ts'

/** Fields about money, which are refused until plans have prices. */
const MONEY = [
  'appliedCoupon',
  'billingCountryCode',
  'billingInformation',
  'budget',
  'charges',
  'checkoutOptions',
  'minimumSpend',
  'paymentCollectionMethod',
  'priceOverrides',
  'promotionCode',
  'prorate',
  'unitQuantity',
] as const

/** 400 `UnsupportedParameter`. */
function refuseMoney(body: object): void {
  const name = MONEY.find((each) => Reflect.get(body, each) !== undefined)
  if (name !== undefined)
    throw badInput(inBody(name), `${name}: not served yet`, 'UnsupportedParameter')
}

/** The first and the last instant of a date in a request: 1970 and 9000, in milliseconds. */
const DATES = [0, 221_845_392_000_000] as const

/** Returns a date rounded up to a whole millisecond. 400 if it is not between 1970 and 9000. */
function dateFromWire(wire: string, field: Field): Instant {
  const { from } = createdRange({ gte: wire })
  if (from === null || from < DATES[0] || from >= DATES[1])
    throw badInput(field, `${field} must be a date between the years 1970 and 9000`)
  return from
}

const dateOr = <Absent extends null | undefined>(
  wire: string | null | undefined,
  field: Field,
  absent: Absent,
): Instant | Absent => (wire === null || wire === undefined ? absent : dateFromWire(wire, field))

const contentFromWire = (
  body: Pick<SubscriptionProvisionRequestBody, 'addons' | 'entitlements' | 'metadata'>,
): ContentInput => ({
  addons: body.addons,
  overrides: body.entitlements?.map(overrideFromWire),
  metadata: body.metadata,
})

function overrideFromWire(wire: SubscriptionEntitlementInput, index: number): OverrideInput {
  const credits = (['amount', 'cadence'] as const).find((name) => wire[name] !== undefined)
  if (wire.type === 'CREDIT' || credits !== undefined) {
    const field = inBody('entitlements')
      .at(index)
      .at(credits ?? 'type')
    throw badInput(field, `${field}: credits are not served yet`, 'UnsupportedParameter')
  }
  return {
    featureId: wire.id,
    limit: limitFromWire(wire.usageLimit ?? null),
    isUnlimited: wire.hasUnlimitedUsage ?? false,
    isSoft: wire.hasSoftLimit ?? false,
    enumValues: [],
    resetPeriod: wire.resetPeriod ?? null,
    accordingTo: accordingToFromWire(wire),
  }
}

function provisionFromWire(body: SubscriptionProvisionRequestBody): ProvisionRequest {
  refuseMoney(body)
  const trial = body.trialOverrideConfiguration
  const endDate = inBody('trialOverrideConfiguration', 'trialEndDate')
  return {
    ...contentFromWire(body),
    customerId: body.customerId,
    planId: body.planId,
    id: body.id ?? null,
    resourceId: body.resourceId || null,
    startsAt: dateOr(body.startDate, inBody('startDate'), null),
    cancellationAt: dateOr(body.cancellationDate, inBody('cancellationDate'), null),
    endingAt: null,
    billingPeriod: body.billingPeriod,
    anchor: body.billingCycleAnchor ?? null,
    strategy: body.scheduleStrategy ?? null,
    trial:
      trial === undefined
        ? null
        : {
            isTrial: trial.isTrial,
            endsAt: dateOr(trial.trialEndDate, endDate, null),
            endBehavior: trial.trialEndBehavior ?? null,
          },
    payingCustomerId: body.payingCustomerId ?? null,
    billingId: body.billingId || null,
    salesforceId: body.salesforceId || null,
  }
}

function updateFromWire(body: SubscriptionUpdateRequestBody): UpdateRequest {
  refuseMoney(body)
  const { cancellationDate } = body
  const field = inBody('cancellationDate')
  return {
    ...contentFromWire(body),
    billingPeriod: body.billingPeriod,
    anchor: body.billingCycleAnchor ?? null,
    strategy: body.scheduleStrategy ?? null,
    trialEndsAt: dateOr(body.trialEndDate, inBody('trialEndDate'), undefined),
    cancellationAt: cancellationDate === null ? null : dateOr(cancellationDate, field, undefined),
    endingAt: undefined,
    salesforceId: body.salesforceId === '' ? null : body.salesforceId,
    billingId: undefined,
  }
}

function cancelFromWire(body: SubscriptionCancelRequestBody): CancelInput {
  refuseMoney(body)
  return {
    time: body.cancellationTime ?? null,
    endsAt: dateOr(body.endDate, inBody('endDate'), null),
    action: body.cancellationAction ?? 'DEFAULT',
  }
}

const answer = ({ subscription, names }: NamedSubscription) => ({
  data: subscriptionToWire(subscription, names),
})

/** 400 `UnsupportedParameter` for charges. */
function importFromWire({ subscriptions, integrationId }: SubscriptionImportRequestBody) {
  return { rows: subscriptions.map(importRowFromWire), integrationId: integrationId ?? null }
}

function importRowFromWire(wire: SubscriptionImportRow, index: number): ImportRow {
  const row = inBody('subscriptions', index)
  if (wire.charges !== undefined) {
    const field = row.at('charges')
    throw badInput(field, `${field}: not served yet`, 'UnsupportedParameter')
  }
  const { id, customerId, planId, billingPeriod, addons, billingId, metadata, endDate } = wire
  return {
    ...{ id, customerId, planId, billingPeriod, addons, billingId, metadata },
    resourceId: wire.resourceId || null,
    startsAt: dateOr(wire.startDate, row.at('startDate'), undefined),
    endingAt: endDate === null ? null : dateOr(endDate, row.at('endDate'), undefined),
  }
}

type Subscriptions =
  | 'v1.subscriptions.provision'
  | 'v1.subscriptions.retrieve'
  | 'v1.subscriptions.list'
  | 'v1.subscriptions.update'
  | 'v1.subscriptions.cancel'
  | 'v1.subscriptions.import'
  | 'v1.subscriptions.migrate'
  | 'v1.subscriptions.transfer'
  | 'v1.subscriptions.delegate'
  | 'v1.subscriptions.futureUpdate.cancelSchedule'
  | 'v1.subscriptions.futureUpdate.cancelPendingPayment'

/** The operations on subscriptions. */
export const subscriptionHandlers = (
  publishEntitlements: EntitlementPublisher,
): Handlers<Subscriptions> => {
  const callOf = (call: Call): SubscriptionCall => ({ ...call, publishEntitlements })
  return {
    'v1.subscriptions.provision': async ({ body }, call) => {
      const done = await provision(callOf(call), provisionFromWire(body))
      const { data: subscription } = answer(done)
      const { isScheduled, entitlements } = done
      const { id } = subscription
      return { data: { id, status: 'SUCCESS', isScheduled, subscription, entitlements } }
    },
    'v1.subscriptions.retrieve': async ({ params }, call) =>
      answer(await retrieveSubscription(call, params.id)),
    'v1.subscriptions.list': async ({ query }, call) => {
      const page = await listSubscriptions(call, {
        customerId: query.customerId ?? null,
        planId: query.planId ?? null,
        resourceId: query.resourceId ?? null,
        pricingTypes: query.pricingType ?? null,
        statuses: query.status ?? null,
        created: createdRange(query.createdAt),
        page: pageRequest(query),
      })
      const names = await loadNames(call.app.db.read, page.data)
      return pageToWire(page, ({ subscription }) => subscriptionToWire(subscription, names))
    },
    'v1.subscriptions.update': async ({ params, body }, call) =>
      answer(await updateSubscription(callOf(call), params.id, updateFromWire(body))),
    'v1.subscriptions.cancel': async ({ params, body }, call) =>
      answer(await cancelSubscription(callOf(call), params.id, cancelFromWire(body))),
    'v1.subscriptions.import': async ({ body }, call) => ({
      data: { taskId: await importSubscriptions(call, importFromWire(body)) },
    }),
    'v1.subscriptions.migrate': async ({ params, body }, call) => {
      const time = body.subscriptionMigrationTime ?? 'IMMEDIATE'
      return answer(await migrateSubscription(callOf(call), params.id, time))
    },
    'v1.subscriptions.transfer': async ({ params, body }, call) => {
      const { destinationResourceId } = body
      return answer(await transferSubscription(callOf(call), params.id, destinationResourceId))
    },
    'v1.subscriptions.delegate': async ({ params, body }, call) =>
      answer(await delegateSubscription(callOf(call), params.id, body.targetCustomerId)),
    'v1.subscriptions.futureUpdate.cancelSchedule': async ({ params }, call) => {
      await cancelFutureUpdates(callOf(call), params.id, 'SCHEDULED')
      return { data: { id: params.id } }
    },
    'v1.subscriptions.futureUpdate.cancelPendingPayment': async ({ params }, call) => {
      await cancelFutureUpdates(callOf(call), params.id, 'PENDING_PAYMENT')
      return { data: { id: params.id } }
    },
  }
}
