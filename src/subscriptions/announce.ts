import { raiseSequence, renewVersion } from '../customers/index.ts'
import type { Tx } from '../db/index.ts'
import type { EntitlementPublisher, EntitlementUpdate } from '../entitlements/index.ts'
import { type Event, type PublishContext, publish } from '../events/index.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import { changesEntitlements, eventsOf } from './announce-transition.ts'
import { comparePlans } from './compare-plans.ts'
import { findFacts, loadNames, type Names } from './names-store.ts'
import type { Packages, Transition } from './types.ts'
import { subscriptionToWire } from './wire.ts'

/** What has happened to lines of a customer, in the order in which it is announced. */
export type LineEvents = {
  customerKey: Uuid
  transitions: readonly Transition[]
  /** The packages that the lines can meet. */
  packages: Packages
  /** What the subscriptions named before, if they name something else now. */
  namesBefore?: Names
}

/**
 * Publishes the events of transitions, which must have been stored. A notice is left out if what it
 * warns of has happened.
 */
export async function announce(
  tx: Tx,
  context: PublishContext,
  { customerKey, transitions, packages, namesBefore }: LineEvents,
): Promise<void> {
  const { now } = context
  const announced = transitions.filter((each) => !isLate(each, now))
  const subscriptions = announced.flatMap(({ before, after }) => [before ?? after, after])
  const names = await loadNames(
    tx,
    subscriptions.map((subscription) => ({ customerKey, subscription })),
  )
  const directions = directionsOf(announced, packages)
  const events = announced.flatMap((transition): Event[] => {
    const { before, after } = transition
    const direction = directions.get(transition) ?? {}
    return eventsOf(transition).map((type) => ({
      type,
      customerKey,
      objectId: after.id,
      before: before && shown(before, namesBefore ?? names),
      after: { ...shown(after, names), ...direction },
    }))
  })
  await publish(tx, context, events)
}

/** The key lets receivers tell a subscription from a later one. */
const shown = (subscription: Transition['after'], names: Names) => ({
  ...subscriptionToWire(subscription, names),
  entityId: subscription.key,
})

/** How long before the end of a month of billing it is announced, in milliseconds. */
const MONTH_NOTICE_MS = 3_600_000

function isLate({ kind, at, after }: Transition, now: Instant): boolean {
  if (kind === 'TRIAL_ENDS_SOON') return after.trial !== null && after.trial.at <= now
  return kind === 'BILLING_MONTH_ENDS_SOON' && at + MONTH_NOTICE_MS <= now
}

type Direction = { isUpgrade: boolean; isDowngrade: boolean }

/** Whether a change of plan gives more or less, for the end of the old one and the new one. */
function directionsOf(
  transitions: readonly Transition[],
  packages: Packages,
): ReadonlyMap<Transition, Direction> {
  const pairs = transitions.flatMap((ended): [Transition, Direction][] => {
    const { at, before, after } = ended
    if (after.cancelReason !== 'UPGRADE_OR_DOWNGRADE' || before?.status !== 'ACTIVE') return []
    const started = transitions.find(
      (each) =>
        each.at === at && each.before?.status !== 'ACTIVE' && each.after.status === 'ACTIVE',
    )
    if (started === undefined) return []
    const direction = comparePlans(before, started.after.planKey, { at, packages })
    const flags = { isUpgrade: direction === 'UPGRADE', isDowngrade: direction === 'DOWNGRADE' }
    return [
      [ended, flags],
      [started, flags],
    ]
  })
  return new Map(pairs)
}

type Trigger = NonNullable<EntitlementUpdate['trigger']>

/** Returns the name that `entitlements.updated` gives to a transition. */
function triggerOf({ kind, before, after }: Transition): Trigger {
  if (after.status === 'IN_TRIAL' && before?.status !== 'IN_TRIAL') return 'trial_started'
  if (kind === 'CREATED') return 'subscription_created'
  if (kind === 'CANCELED') return 'subscription_canceled'
  if (kind === 'EXPIRED' || kind === 'PAYMENT_EXPIRED') return 'subscription_expired'
  if (kind === 'TRIAL_CONVERTED') return 'trial_converted'
  return kind === 'TRIAL_EXPIRED' ? 'trial_expired' : 'subscription_updated'
}

/**
 * The resources of a customer whose entitlements have changed, by id, each with its last change.
 * null: without a resource.
 */
export type Triggers = Map<string | null, Trigger>

/** The most resources whose entitlements are published for one change. */
const RESOURCES_LIMIT = 100

/**
 * Returns where stored transitions have changed entitlements. If these are more than 100 resources,
 * only the customer without a resource.
 */
export async function triggersOf(
  tx: Tx,
  { customerKey, transitions }: Pick<LineEvents, 'customerKey' | 'transitions'>,
): Promise<Triggers> {
  const changes = transitions.filter(changesEntitlements)
  const last = changes.at(-1)
  if (last === undefined) return new Map()
  const subscriptions = changes.map(({ after }) => ({ customerKey, subscription: after }))
  const facts = await findFacts(tx, subscriptions)
  const resourceIds = new Map(facts.map(({ key, resourceId }) => [key, resourceId]))
  const triggers: Triggers = new Map(
    changes.map((change) => [resourceIds.get(change.after.key) ?? null, triggerOf(change)]),
  )
  return triggers.size > RESOURCES_LIMIT ? new Map([[null, triggerOf(last)]]) : triggers
}

/** Publishes the entitlements of a customer for each of the resources. */
export async function publishAt(
  tx: Tx,
  context: PublishContext,
  { customerKey, triggers }: { customerKey: Uuid; triggers: Triggers },
  publishEntitlements: EntitlementPublisher,
): Promise<void> {
  for (const [resourceId, trigger] of triggers)
    await publishEntitlements(tx, context, { customerKey, trigger, resourceId })
}

/**
 * Renews the version of a customer after transitions that were stored, and publishes the
 * entitlements that may be others, once for each resource. This is the last lock of the
 * transaction.
 */
export async function concludeChange(
  tx: Tx,
  context: Parameters<typeof renewVersion>[1] & PublishContext,
  { customerKey, transitions }: Pick<LineEvents, 'customerKey' | 'transitions'>,
  publishEntitlements: EntitlementPublisher,
): Promise<void> {
  if (transitions.length === 0) return
  const triggers = await triggersOf(tx, { customerKey, transitions })
  if (triggers.size > 0)
    await publishAt(tx, context, { customerKey, triggers }, publishEntitlements)
  else if (transitions.some(isStructural)) await renewVersion(tx, context, [customerKey])
  else await raiseSequence(tx, context, [customerKey])
}

/** Notices and billing periods change nothing that a decision depends on. */
const isStructural = ({ kind, before, after }: Transition): boolean =>
  before !== after && kind !== 'PERIOD_STARTED'
