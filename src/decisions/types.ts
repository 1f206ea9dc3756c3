import type { AccessDeniedReason, DecisionRequest, EntitlementExplanation } from '../api.gen.ts'
import type { UnresolvedKeyCount } from '../budgets/index.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Origin } from '../kernel/origin.ts'
import type { Quantity } from '../kernel/quantity.ts'

export const DECISION_KINDS = ['CHECK', 'CONSUME', 'RESERVE'] as const
export type DecisionKind = (typeof DECISION_KINDS)[number]

/** All reasons of denials. */
export const REASONS = [
  'FeatureNotFound',
  'CustomerNotFound',
  'CustomerIsArchived',
  'CustomerResourceNotFound',
  'NoActiveSubscription',
  'NoFeatureEntitlementInSubscription',
  'RequestedUsageExceedingLimit',
  'RequestedValuesMismatch',
  'BudgetExceeded',
  'Unknown',
  'FeatureTypeMismatch',
  'Revoked',
  'InsufficientCredits',
  'EntitlementNotFound',
] as const satisfies readonly AccessDeniedReason[]

/** A feature or a currency, by its id. */
export type CapabilityName = { kind: 'feature' | 'currency'; id: string }

/** A denial. These fields suffice to recognise an equal one without any computation. */
export type Denial = {
  customerId: string
  resourceId: string | null
  capability: CapabilityName
  reason: AccessDeniedReason
  /** The entity whose budget denied. If no budget did, the first one on a budget path. */
  entityId: string | null
  /** About how much memory the data of `describe` takes, in bytes. */
  bytes: number
  /** Computes everything else. It is called later, so it uses only data that never changes. */
  describe: () => DenialDetails
}

/** What the request asked for. */
export type DeniedRequest = {
  usage: Quantity | null
  values: readonly string[] | null
  /** null: no dimensions were sent. */
  dimensions: Readonly<Record<string, unknown>> | null
}

export type DenialDetails = {
  request: DeniedRequest
  /** All entities on the budget paths, each once. */
  entityIds: readonly string[]
  /** The keys of the budgets that denied, each once. */
  budgetKeys: readonly string[]
  explain: (unattributed: readonly UnresolvedKeyCount[]) => EntitlementExplanation
}

/** What happened to the denials that were noted. */
export type DenialCounts = {
  /** Written as decisions of their own. */
  kept: number
  /** Added to the count of an earlier one. */
  merged: number
  /** Lost, because the queue was full or the database could not take them. */
  dropped: number
  /** Waiting to be written. */
  waiting: number
}

/** A stored denial. */
export type StoredDecision = {
  key: string
  kind: DecisionKind
  customerId: string
  resourceId: string | null
  capability: CapabilityName
  reason: AccessDeniedReason
  entityId: string | null
  entityIds: readonly string[]
  budgetKeys: readonly string[]
  count: number
  lastAt: Instant
  actor: Origin['actor']
  traceId: string | null
  request: DecisionRequest | null
}

/** What was decided in one minute. */
export type MinuteCounts = {
  checks: number
  consumptions: number
  reservations: number
  granted: number
  /** Records of usage that were accepted, including repetitions of reports. */
  records: number
  /** The number of denials by reason. */
  denials: Readonly<Record<string, number>>
}
