import type { Allowance, Reset } from '../catalog/features/index.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Metadata } from '../kernel/metadata.ts'
import type { Quantity } from '../kernel/quantity.ts'

export type SubscriptionStatus =
  | 'NOT_STARTED'
  | 'PAYMENT_PENDING'
  | 'IN_TRIAL'
  | 'ACTIVE'
  | 'CANCELED'
  | 'EXPIRED'

/** The spelling is that of the published API. */
export type CancelReason =
  | 'UPGRADE_OR_DOWNGRADE'
  | 'CANCELLED_BY_BILLING'
  | 'EXPIRED'
  | 'DETACH_BILLING'
  | 'TRIAL_ENDED'
  | 'Immediate'
  | 'TRIAL_CONVERTED'
  | 'PENDING_PAYMENT_EXPIRED'
  | 'ScheduledCancellation'
  | 'CustomerArchived'
  | 'AutoCancellationRule'

export type PricingType = 'FREE' | 'PAID' | 'CUSTOM'
export type BillingPeriod = 'MONTHLY' | 'ANNUALLY'
export type ScheduleStrategy = 'END_OF_BILLING_PERIOD' | 'END_OF_BILLING_MONTH' | 'IMMEDIATE'
export type TrialEndBehavior = 'CONVERT_TO_PAID' | 'CANCEL_SUBSCRIPTION'

/** A plan or an add-on, with every version that was ever published. */
export type Package = {
  /** Keys ascend in the order in which packages were created. */
  key: Uuid
  id: string
  type: 'Plan' | 'Addon'
  productKey: Uuid
  /** In the order of `publishedAt`. A package that was never published has none. */
  versions: readonly PackageVersion[]
  /** The spans of time in which it was archived, in their order. null: it still is. */
  archivals: readonly { from: Instant; until: Instant | null }[]
}

/** A published content of a package, which never changes. */
export type PackageVersion = {
  version: number
  publishedAt: Instant
  pricingType: PricingType
  /** The plan that this plan inherits from. null: none, or an add-on. */
  parentKey: Uuid | null
  /** The add-ons that a subscription to this plan may have. */
  compatibleAddonKeys: readonly Uuid[]
  /** The add-ons that a subscription with this add-on must have. */
  dependencyKeys: readonly Uuid[]
  /** The most units of this add-on in one subscription. null: no limit. */
  maxQuantity: number | null
  defaultTrial: DefaultTrial | null
}

export type DefaultTrial = {
  length: { unit: 'DAY' | 'MONTH'; count: number }
  /** null: it becomes a paid subscription. */
  endBehavior: TrialEndBehavior | null
}

/** The packages that a subscription can meet, by key. */
export type Packages = ReadonlyMap<Uuid, Package>

/** The version of one package that a subscription has. */
export type Pin = { packageKey: Uuid; version: number }

/** What a subscription consists of, apart from its plan. */
export type Content = {
  /** Each add-on once, with at least one unit. */
  addons: readonly { addonKey: Uuid; quantity: number }[]
  /** The number of units bought of features that are priced by the unit. */
  units: readonly { featureKey: Uuid; quantity: Quantity }[]
  /** Entitlements of this subscription alone, which replace those of its plan. */
  overrides: readonly Override[]
  metadata: Metadata
}

export type Override = { featureKey: Uuid; allowance: Allowance; reset: Reset | null }

/** A subscription that takes the place of one that ends. Its key and id are chosen beforehand. */
export type Successor = { key: Uuid; id: string; planKey: Uuid }

/** An end, and the free plan that follows. null: nothing follows. */
export type End = { at: Instant; successor: Successor | null }

export type Trial = End & { endBehavior: TrialEndBehavior }

export type FutureUpdate = {
  status: 'SCHEDULED' | 'PENDING_PAYMENT' | 'DONE' | 'CANCELED' | 'FAILED'
  /** When it takes effect, or took effect, or would have. */
  at: Instant
  change: UpdateChange
}

export type UpdateChange =
  | PartChange
  | (PlanChange & { type: 'PLAN' })
  | (PlanChange & { type: 'DOWNGRADE' })

/** A change to another plan, which is another subscription. */
export type PlanChange = {
  successor: Successor
  billingPeriod: BillingPeriod | null
  anchor: AnchorChoice
  usageCutoff: UsageCutoff
  content: Content
}

/** A change of one part of a subscription. */
export type PartChange =
  /** 0 removes the add-on. */
  | { type: 'ADDON'; addonKey: Uuid; quantity: number }
  | { type: 'UNIT_AMOUNT'; featureKey: Uuid; quantity: Quantity }
  | { type: 'BILLING_PERIOD'; billingPeriod: BillingPeriod; anchor: AnchorChoice }
  | { type: 'MIGRATE_TO_LATEST' }

/** Whether billing periods are counted anew from the change. null: not sent. */
export type AnchorChoice = 'UNCHANGED' | 'NOW' | null

/** Whether access waits for the first payment, and whether even a trial does. */
export type FirstPayment = 'NOT_NEEDED' | 'BEFORE_CHARGE' | 'BEFORE_TRIAL'

/** When usage starts again from 0 because of another plan. */
export type UsageCutoff = 'NEVER_RESET' | 'ALWAYS_RESET' | 'BILLING_PERIOD_CHANGE'

/**
 * The state of a subscription between two changes: a revision. Its plan never changes. Another plan
 * is another subscription.
 */
export type Subscription = {
  key: Uuid
  id: string
  planKey: Uuid
  pricingType: PricingType
  status: SubscriptionStatus
  /** null: not canceled and not expired. */
  cancelReason: CancelReason | null
  createdAt: Instant
  startsAt: Instant
  /** The trial at whose end it starts, and moves with it. null: `startsAt` is fixed. */
  followsTrial: Uuid | null
  /** The end that was agreed on. Then the subscription is EXPIRED. */
  ending: End | null
  /** A scheduled cancellation. Then the subscription is CANCELED. */
  cancellation: End | null
  /** When it was canceled or has expired. */
  closedAt: Instant | null
  /** Also kept after the trial. */
  trial: Trial | null
  /** What waits for the first payment. Without a provider of billing nothing does. */
  firstPayment: FirstPayment
  /** Until when the first payment is awaited. null: none is awaited. */
  paymentUntil: Instant | null
  /** null: it has no billing periods. Free plans have none. */
  billingPeriod: BillingPeriod | null
  /** From where billing periods are counted. null: none has begun, as in a trial. */
  anchor: Instant | null
  /** The start of the billing period in progress. */
  periodStart: Instant | null
  /** From where usage periods are counted. Usage before it counts only if it came from before. */
  usageAnchor: Instant
  usageCutoff: UsageCutoff
  content: Content
  /** One for the plan, each of its ancestors and each add-on. Empty until the start. */
  pins: readonly Pin[]
  /** In the order in which they were scheduled. Those that are over stay. */
  updates: readonly FutureUpdate[]
}

/**
 * All subscriptions of a customer to one product, for one resource or for none. They replace each
 * other: at most one is in force, and beside it at most one trial.
 */
export type Line = {
  /** In the order of their creation. */
  subscriptions: readonly Subscription[]
  /** Everything that was due until this instant (inclusive) has been applied. */
  settledAt: Instant
}

export type TransitionKind =
  | 'CREATED'
  | 'PAYMENT_EXPIRED'
  | 'PAID'
  | 'STARTED'
  | 'TRIAL_CONVERTED'
  | 'TRIAL_EXPIRED'
  | 'CANCELED'
  | 'EXPIRED'
  | 'PERIOD_STARTED'
  | 'UPDATED'
  | 'TRIAL_ENDS_SOON'
  | 'BILLING_MONTH_ENDS_SOON'

/** A change of one subscription. */
export type Transition = {
  at: Instant
  kind: TransitionKind
  /** null: it did not exist. */
  before: Subscription | null
  /** The same object as `before` if it is only announced that something comes. */
  after: Subscription
}

/** A line after some changes, and the changes in their order. */
export type LineChange = { line: Line; transitions: readonly Transition[] }
