import { required } from '../kernel/assert.ts'
import type { Instant } from '../kernel/clock.ts'
import { badInput } from '../kernel/errors.ts'
import { inBody } from '../kernel/field.ts'
import type { Uuid } from '../kernel/ids.ts'
import { addUnits } from '../kernel/period.ts'
import { anchorAfter, withCycle } from './billing-period.ts'
import { pinLatest } from './pin-versions.ts'
import type {
  CancelReason,
  Line,
  LineChange,
  Packages,
  Subscription,
  TransitionKind,
} from './types.ts'

/** How long the first payment is awaited, in hours. */
const PAYMENT_HOURS = 24

/** The instant of a change, and the packages as they are at that instant. */
export type Moment = { at: Instant; packages: Packages }

/** Returns a line without subscriptions. */
export const emptyLine = (settledAt: Instant): Line => ({ subscriptions: [], settledAt })

export const unchanged = (line: Line): LineChange => ({ line, transitions: [] })

/** Applies several changes one after the other. */
export const inTurn = (
  change: LineChange,
  ...steps: readonly ((line: Line) => LineChange)[]
): LineChange =>
  steps.reduce(({ line, transitions }, step) => {
    const next = step(line)
    return { line: next.line, transitions: [...transitions, ...next.transitions] }
  }, change)

export const subscriptionOf = (line: Line, key: Uuid): Subscription =>
  required(
    line.subscriptions.find((each) => each.key === key),
    'a subscription of the line',
  )

/** Returns whether a subscription gives access. */
export const givesAccess = ({ status }: Pick<Subscription, 'status'>): boolean =>
  status === 'ACTIVE' || status === 'IN_TRIAL'

export const isOver = ({ status }: Subscription): boolean =>
  status === 'CANCELED' || status === 'EXPIRED'

/** The subscription in force that is no trial; null if there is none. */
export const mainOf = ({ subscriptions }: Line): Subscription | null =>
  subscriptions.find(({ status }) => status === 'ACTIVE') ?? null

/** The trial in progress; null if there is none. */
export const trialOf = ({ subscriptions }: Line): Subscription | null =>
  subscriptions.find(({ status }) => status === 'IN_TRIAL') ?? null

/** The subscription that will start; null if there is none. */
const scheduledOf = ({ subscriptions }: Line): Subscription | null =>
  subscriptions.find(({ status }) => status === 'NOT_STARTED') ?? null

/**
 * Replaces a subscription by its next state. 400 `InvalidArgumentError` if too many updates are
 * pending.
 */
export function put(
  line: Line,
  next: Subscription,
  { at, kind }: { at: Instant; kind: TransitionKind },
): LineChange {
  const after = withFewUpdates(next)
  const before = line.subscriptions.find(({ key }) => key === after.key) ?? null
  const subscriptions =
    before === null
      ? [...line.subscriptions, after]
      : line.subscriptions.map((each) => (each.key === after.key ? after : each))
  return { line: { ...line, subscriptions }, transitions: [{ at, kind, before, after }] }
}

/** The most updates of a subscription that are kept. */
const UPDATES_LIMIT = 100

/** Drops the oldest updates that are over. */
function withFewUpdates(subscription: Subscription): Subscription {
  const { updates } = subscription
  if (updates.length <= UPDATES_LIMIT) return subscription
  const pending = updates.filter(isPending).length
  if (pending > UPDATES_LIMIT)
    throw badInput(
      inBody(),
      `at most ${UPDATES_LIMIT} updates of a subscription can be pending`,
      'InvalidArgumentError',
    )
  const over = updates.filter((update) => !isPending(update))
  const dropped = new Set(over.slice(0, updates.length - UPDATES_LIMIT))
  return { ...subscription, updates: updates.filter((update) => !dropped.has(update)) }
}

/** Ends a subscription. What was scheduled for it is canceled. */
export function close(
  line: Line,
  key: Uuid,
  { at, reason }: { at: Instant; reason: CancelReason },
): LineChange {
  const before = subscriptionOf(line, key)
  const hasExpired = reason === 'EXPIRED' || reason === 'PENDING_PAYMENT_EXPIRED'
  const after: Subscription = {
    ...before,
    status: hasExpired ? 'EXPIRED' : 'CANCELED',
    cancelReason: reason,
    closedAt: at,
    paymentUntil: null,
    updates: cancelUpdates(before.updates),
  }
  return put(line, after, { at, kind: KIND_OF_REASON[reason] ?? 'CANCELED' })
}

const KIND_OF_REASON: Readonly<Partial<Record<CancelReason, TransitionKind>>> = {
  EXPIRED: 'EXPIRED',
  PENDING_PAYMENT_EXPIRED: 'PAYMENT_EXPIRED',
  TRIAL_ENDED: 'TRIAL_EXPIRED',
  TRIAL_CONVERTED: 'TRIAL_CONVERTED',
}

/** Returns the updates. Those that are pending, and for which `isMeant` holds, are canceled. */
export const cancelUpdates = (
  updates: Subscription['updates'],
  isMeant: (update: Subscription['updates'][number]) => boolean = () => true,
): Subscription['updates'] =>
  updates.map((update) =>
    isPending(update) && isMeant(update) ? { ...update, status: 'CANCELED' } : update,
  )

export const isPending = ({ status }: Subscription['updates'][number]): boolean =>
  status === 'SCHEDULED' || status === 'PENDING_PAYMENT'

/**
 * Adds a subscription. It starts at once if its start is not ahead. Another one that was to start
 * later is replaced if this one also starts later.
 */
export function add(line: Line, subscription: Subscription, { at, packages }: Moment): LineChange {
  if (subscription.startsAt <= at)
    return begin(line, subscription, { at, packages, kind: 'CREATED' })
  const replaced = scheduledOf(line)
  return inTurn(
    unchanged(line),
    (now) =>
      replaced === null
        ? unchanged(now)
        : close(now, replaced.key, { at, reason: 'UPGRADE_OR_DOWNGRADE' }),
    (now) => put(now, subscription, { at, kind: 'CREATED' }),
  )
}

/**
 * Starts a subscription, with the newest versions of its packages. While its first payment is
 * awaited, it gives no access and replaces nothing.
 */
export function begin(
  line: Line,
  subscription: Subscription,
  { at, packages, kind }: Moment & { kind: 'CREATED' | 'STARTED' },
): LineChange {
  const { planKey, content, trial, firstPayment } = subscription
  const pins = pinLatest({ planKey, addons: content.addons }, at, packages)
  const started = { ...subscription, pins, followsTrial: null }
  const pays = firstPayment === 'BEFORE_TRIAL' || (firstPayment === 'BEFORE_CHARGE' && !trial)
  const ready = trial === null ? withCycle(started, cycleFrom(started), at) : started
  const status = trial === null ? 'ACTIVE' : 'IN_TRIAL'
  return inTurn(closePending(line, { subscription, at }), (now) =>
    pays
      ? put(now, awaitPayment(ready, at), { at, kind })
      : enter(now, { ...ready, status }, { at, kind }),
  )
}

/** Ends another subscription that waits for a payment, because a newer one takes its place. */
function closePending(
  line: Line,
  { subscription, at }: { subscription: Subscription; at: Instant },
): LineChange {
  const pending = line.subscriptions.find(
    ({ key, status, trial }) =>
      status === 'PAYMENT_PENDING' &&
      key !== subscription.key &&
      (trial === null) === (subscription.trial === null),
  )
  if (pending === undefined) return unchanged(line)
  return close(line, pending.key, { at, reason: 'UPGRADE_OR_DOWNGRADE' })
}

/** The cycle of a subscription that begins. One that goes on from another has an anchor. */
const cycleFrom = ({ billingPeriod, anchor, startsAt }: Subscription) => ({
  billingPeriod,
  anchor: billingPeriod === null ? null : (anchor ?? startsAt),
})

const awaitPayment = (subscription: Subscription, at: Instant): Subscription => ({
  ...subscription,
  status: 'PAYMENT_PENDING',
  paymentUntil: addUnits(at, 'HOUR', PAYMENT_HOURS),
})

/**
 * Puts a subscription in force. What it replaces ends first: a trial replaces a trial, any other
 * subscription replaces another, and also a trial unless it is free.
 */
function enter(
  line: Line,
  subscription: Subscription,
  { at, kind }: { at: Instant; kind: TransitionKind },
): LineChange {
  const others = line.subscriptions.filter(
    (each) => each.key !== subscription.key && givesAccess(each),
  )
  const replaced = others.flatMap((other): { key: Uuid; reason: CancelReason }[] => {
    if (other.status === subscription.status)
      return [{ key: other.key, reason: 'UPGRADE_OR_DOWNGRADE' }]
    const converts = other.status === 'IN_TRIAL' && subscription.pricingType !== 'FREE'
    return converts ? [{ key: other.key, reason: 'TRIAL_CONVERTED' }] : []
  })
  const [predecessor] = others
    .filter(({ key }) => replaced.some((each) => each.key === key))
    .toSorted((one) => (one.status === subscription.status ? -1 : 1))
  const isFirst = kind !== 'TRIAL_CONVERTED'
  return inTurn(
    unchanged(line),
    ...replaced.map(
      ({ key, reason }) =>
        (now: Line) =>
          close(now, key, { at, reason }),
    ),
    (now) => put(now, isFirst ? withUsage(subscription, predecessor) : subscription, { at, kind }),
  )
}

/**
 * Returns a subscription with the anchor of its usage periods. The product says whether the usage
 * of the subscription before it goes on.
 */
function withUsage(
  subscription: Subscription,
  predecessor: Subscription | undefined,
): Subscription {
  const { usageCutoff, anchor } = subscription
  if (predecessor === undefined || usageCutoff === 'ALWAYS_RESET') return subscription
  const isReset = usageCutoff === 'BILLING_PERIOD_CHANGE' && anchor !== predecessor.anchor
  return isReset ? subscription : { ...subscription, usageAnchor: predecessor.usageAnchor }
}

/** Turns a trial into a paid subscription, which is charged from `anchor` on. */
export function convertTrial(
  line: Line,
  trial: Subscription,
  { at, anchor }: { at: Instant; anchor: Instant },
): LineChange {
  const choice = { at: anchor, choice: 'NOW' } as const
  const cycle = {
    billingPeriod: trial.billingPeriod,
    anchor: anchorAfter(trial, trial.billingPeriod, choice),
  }
  const converted = withCycle(trial, cycle, at)
  const kind = 'TRIAL_CONVERTED'
  return trial.firstPayment === 'NOT_NEEDED'
    ? enter(line, { ...converted, status: 'ACTIVE' }, { at, kind })
    : put(line, awaitPayment(converted, at), { at, kind })
}

/** Puts a subscription in force whose first payment has arrived. */
export function receivePayment(line: Line, key: Uuid, at: Instant): LineChange {
  const pending = subscriptionOf(line, key)
  const isTrial = pending.trial !== null && at < pending.trial.at
  const status = isTrial ? 'IN_TRIAL' : 'ACTIVE'
  const firstPayment = 'NOT_NEEDED'
  const paid: Subscription = { ...pending, status, paymentUntil: null, firstPayment }
  return enter(line, paid, { at, kind: 'PAID' })
}
