import type { AuditEntry, FutureUpdate, Subscription } from '../../../src/api.gen.ts'
import { isOver, PERIOD_WORDS, REASON_WORDS } from './texts.ts'

/** Something that happened to a subscription, or will. */
export type Moment = {
  /** Unique within a timeline. */
  key: string
  at: string
  what: string
  state: 'past' | 'ahead' | 'given up' | 'failed'
  /** The plan or add-on that it brings. */
  packageId: string | null
  actor: AuditEntry['actor'] | null
}

/** What the events about a subscription mean. Others are left out: they repeat a change. */
const EVENT_WORDS: Readonly<Record<string, string>> = {
  'subscription.created': 'it was created',
  'subscription.updated': 'it was changed',
  'subscription.canceled': 'it was canceled',
  'subscription.expired': 'it expired',
  'subscription.trial_started': 'its trial began',
  'subscription.trial_converted': 'its trial became a paid subscription',
  'subscription.trial_expired': 'its trial ended',
}

/** The types of the events that a timeline shows. */
export const EVENT_TYPES = Object.keys(EVENT_WORDS)

const UPDATE_WORDS: Readonly<Record<FutureUpdate['subscriptionScheduleType'], string>> = {
  DOWNGRADE: 'a smaller plan follows',
  PLAN: 'another plan follows',
  BILLING_PERIOD: 'the billing period gets another length',
  UNIT_AMOUNT: 'the number of units changes',
  RECURRING_CREDITS: 'recurring credits change',
  PRICE_OVERRIDE: 'prices change',
  ADDON: 'an add-on changes',
  COUPON: 'a coupon changes',
  MIGRATE_TO_LATEST: 'it moves to the latest version',
  ADDITIONAL_META_DATA: 'metadata changes',
  BILLING_INFO_METADATA: 'billing information changes',
}

const UPDATE_STATES = {
  SCHEDULED: 'ahead',
  PENDING_PAYMENT: 'ahead',
  DONE: 'past',
  CANCELED: 'given up',
  FAILED: 'failed',
} as const

const plain = { packageId: null, actor: null }

/**
 * Returns what is to come first, and then what has happened, each the nearest to now first. What
 * happens at one instant stands above the event that made it happen.
 */
export function timelineOf(
  subscription: Subscription,
  entries: readonly AuditEntry[],
): { ahead: Moment[]; past: Moment[] } {
  const moments = [...datesOf(subscription), ...updatesOf(subscription)]
  const happened = entries.map(
    ({ id, type, occurredAt, actor }): Moment => ({
      key: id,
      at: occurredAt,
      what: EVENT_WORDS[type] ?? type,
      state: 'past',
      packageId: null,
      actor,
    }),
  )
  const byTime = (a: Moment, b: Moment) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)
  const isAhead = ({ state }: Moment) => state === 'ahead'
  return {
    ahead: moments.filter(isAhead).toSorted(byTime),
    past: [...moments.filter((each) => !isAhead(each)), ...happened].toSorted((a, b) =>
      byTime(b, a),
    ),
  }
}

/** What the dates of a subscription say. */
function datesOf(subscription: Subscription): Moment[] {
  const { status, startDate, trialEndDate, endDate, cancellationDate } = subscription
  const over = isOver(subscription)
  const ahead = (key: string, at: string | null, what: string): Moment[] =>
    at === null || over ? [] : [{ key, at, what, state: 'ahead', ...plain }]
  return [
    { key: 'start', at: startDate, ...startOf(status), ...plain },
    ...(status === 'IN_TRIAL' ? ahead('trial', trialEndDate, trialText(subscription)) : []),
    ...ahead('cancellation', cancellationDate, 'it is canceled'),
    ...ahead('end', endDate, 'it expires, as was agreed'),
    ...ahead('period', subscription.currentBillingPeriodEnd, periodText(subscription)),
    ...endingOf(subscription),
  ]
}

const startOf = (status: Subscription['status']): Pick<Moment, 'what' | 'state'> =>
  status === 'NOT_STARTED'
    ? { what: 'it starts', state: 'ahead' }
    : status === 'PAYMENT_PENDING'
      ? { what: 'it starts once it is paid', state: 'ahead' }
      : { what: 'it started', state: 'past' }

const trialText = ({ trial }: Subscription): string =>
  trial?.trialEndBehavior === 'CANCEL_SUBSCRIPTION'
    ? 'the trial ends, and the subscription with it'
    : 'the trial ends, and it is paid from then on'

const periodText = ({ billingPeriod }: Subscription): string =>
  `a new billing period begins${billingPeriod ? `, of ${PERIOD_WORDS[billingPeriod]}` : ''}`

function endingOf(subscription: Subscription): Moment[] {
  const { effectiveEndDate, cancelReason } = subscription
  if (!isOver(subscription) || effectiveEndDate === null) return []
  const reason = cancelReason === null ? '' : `: ${REASON_WORDS[cancelReason]}`
  return [
    { key: 'ended', at: effectiveEndDate, what: `it ended${reason}`, state: 'past', ...plain },
  ]
}

const updatesOf = ({ futureUpdates }: Subscription): Moment[] =>
  futureUpdates.map((update, index) => ({
    key: `update ${index}`,
    at: update.scheduledExecutionTime,
    what:
      UPDATE_WORDS[update.subscriptionScheduleType] +
      (update.scheduleStatus === 'PENDING_PAYMENT' ? ', once it is paid' : ''),
    state: UPDATE_STATES[update.scheduleStatus],
    packageId: update.targetPackage?.id ?? null,
    actor: null,
  }))
