import type { Subscription, SubscriptionStatus } from '../../../src/api.gen.ts'
import { labelledChoices } from '../ui/choices.ts'

export const TEXTS = {
  empty: 'This customer has no subscription.',
  emptyPast: 'Nothing has ended yet.',
  over: 'It has ended, and never changes again.',
  nothingAhead: 'Nothing is scheduled.',
  notOfCustomer: 'This subscription is of another customer.',
  provision:
    'If the customer has the plan, its subscription is changed. Another plan of the same product takes the place of the present one.',
  idHint: 'Nothing: the server makes one.',
  resourceHint: 'Only for products that a customer can have several times.',
  startHint: 'Nothing: now.',
  endHint: 'Nothing: no end.',
  periodHint: 'Free plans have none.',
  payingHint: 'Nothing: the customer itself.',
  quantityHint: '0 leaves it out.',
  noAddons: 'The plan takes no add-ons.',
  grantsNothing: 'The plan gives nothing.',
  choosePlan: 'Choose a plan to see what it gives.',
  trialHint: 'An end that has passed ends the trial now.',
  updateHint: 'Only what you change is sent. Metadata and the end of a trial change now.',
  trialCancel: 'A trial can only be canceled now.',
  unstarted: 'It has not started, so it is canceled now.',
  cancelScheduled: 'Updates that are scheduled are given up too.',
  followsNothing: 'Nothing follows.',
  revoked: 'Nothing follows, whatever the product says.',
  migrate:
    'It gets the newest versions of its plan, of all plans that this one inherits from, and of its add-ons. It does not go back to the earlier ones. If it has the newest ones, it stays as it is.',
  migrateThen:
    'The versions that are the newest then count. What is published until then counts too.',
  migrateOwn: 'Its own limits stay.',
  migrateUnstarted: 'It has not started, and starts with the newest versions.',
  migrateScheduled: 'It is going to be migrated already.',
  transfer:
    'From now on the other resource has what it gives, and this one has it no more. What is scheduled goes with it.',
  transferUsage: 'Usage stays with the resource for which it was reported.',
  transferHint: 'A new one is added.',
  transferSame: 'It is for this resource.',
  oneOnly: 'A customer has only one subscription to this product, for no resource.',
  delegate: (owner: string) => `Another customer pays from now on. ${owner} keeps what it gives.`,
  takeBack: (owner: string, payer: string) =>
    `${payer} pays for it now. ${owner} pays itself from now on, and keeps what it gives. Then it can be delegated again.`,
  ownLimitHint: 'It counts instead of what the plan gives, from now on.',
  noOwnLimits: 'It has what its plan and its add-ons give.',
  featureHint: 'Its id.',
  featureUnread: 'The feature is not read yet, or you may not read features.',
  giveUp: 'The subscription stays as it is now. A scheduled cancellation is given up too.',
} as const

/** Subscriptions that are there or will be, and those that are over. */
export const CURRENT: readonly SubscriptionStatus[] = [
  'ACTIVE',
  'IN_TRIAL',
  'NOT_STARTED',
  'PAYMENT_PENDING',
]
export const PAST: readonly SubscriptionStatus[] = ['CANCELED', 'EXPIRED']

export const isOver = ({ status }: Subscription): boolean => PAST.includes(status)

/** What waits for its payment has a start, but gives nothing yet. */
export const hasStarted = ({ status }: Subscription): boolean =>
  status !== 'NOT_STARTED' && status !== 'PAYMENT_PENDING'

export const STATUS_WORDS: Readonly<Record<SubscriptionStatus, string>> = {
  ACTIVE: 'active',
  IN_TRIAL: 'in trial',
  NOT_STARTED: 'not started',
  PAYMENT_PENDING: 'waits for a payment',
  CANCELED: 'canceled',
  EXPIRED: 'expired',
}

export const REASON_WORDS: Readonly<Record<NonNullable<Subscription['cancelReason']>, string>> = {
  UPGRADE_OR_DOWNGRADE: 'another plan took its place',
  CANCELLED_BY_BILLING: 'canceled by the billing system',
  EXPIRED: 'its agreed end came',
  DETACH_BILLING: 'detached from the billing system',
  TRIAL_ENDED: 'its trial ended',
  Immediate: 'canceled at once',
  TRIAL_CONVERTED: 'its trial became a paid subscription',
  PENDING_PAYMENT_EXPIRED: 'its first payment did not come',
  ScheduledCancellation: 'canceled as scheduled',
  CustomerArchived: 'the customer was archived',
  AutoCancellationRule: 'canceled by a rule of the product',
}

export const PERIOD_WORDS = { MONTHLY: 'a month', ANNUALLY: 'a year' } as const

export const PERIODS = labelledChoices({
  '': 'as the plan says',
  MONTHLY: 'a month',
  ANNUALLY: 'a year',
})

export const STRATEGIES = labelledChoices({
  '': 'as the product says',
  IMMEDIATE: 'now',
  END_OF_BILLING_PERIOD: 'at the end of the billing period',
  END_OF_BILLING_MONTH: 'at the end of the month of billing',
})

export const TRIALS = labelledChoices({
  '': 'if the plan offers one',
  yes: 'with a trial',
  no: 'without a trial',
})

export const TRIAL_ENDS = labelledChoices({
  '': 'as the plan says',
  CONVERT_TO_PAID: 'it is paid',
  CANCEL_SUBSCRIPTION: 'it ends',
})

export const CANCELLATIONS = labelledChoices({
  '': 'as the product says',
  IMMEDIATE: 'now',
  END_OF_BILLING_PERIOD: 'at the end of the billing period',
  SPECIFIC_DATE: 'at a date',
})

export const MIGRATIONS = labelledChoices({
  IMMEDIATE: 'now',
  END_OF_BILLING_PERIOD: 'at the end of the billing period',
})

export const ACTIONS = labelledChoices({
  DEFAULT: 'what the product says',
  REVOKE_ENTITLEMENTS: 'nothing',
})
