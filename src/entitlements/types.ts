import type { AccessDeniedReason, EntitlementRule, EntitlementSourceKind } from '../api.gen.ts'
import type { Allowance, Reset } from '../catalog/features/index.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Quantity } from '../kernel/quantity.ts'

export type { Allowance, Reset }

/** Something that gives a customer a feature, or takes away what another source gives. */
export type Source = {
  kind: EntitlementSourceKind
  /**
   * The caller's id of the plan, add-on or subscription, or the key of a promotional entitlement.
   */
  id: string
  /** The version of a plan or add-on, else null. */
  version: number | null
  /** How many units of an add-on; 1 for other kinds. */
  quantity: number
  /** Sources of one subscription form one grant set. null: the source is a grant set by itself. */
  subscription: { id: string; isTrial: boolean } | null
  /**
   * Of a plan: 0 for the subscription's own plan, 1 for its parent, and so on. 0 for other kinds.
   */
  generation: number
  /** Only add-ons can override. An override replaces the grant set of its subscription. */
  behavior: 'Increment' | 'Override'
  /** null: the source revokes the feature. */
  allowance: Allowance | null
  reset: Reset | null
  /** The start of the first reset period, unless periods follow the calendar. */
  anchor: Instant
  /**
   * Usage before this instant does not count in the period that contains it. null: all of a period
   * counts.
   */
  countsFrom: Instant | null
  /** In force from `startsAt` until `endsAt` (exclusive). null: no end. */
  startsAt: Instant
  endsAt: Instant | null
  updatedAt: Instant
}

/** The combination of all sources that a customer has for a feature. */
export type EffectiveEntitlement = Allowance & {
  /** These are those of the source that won. */
  reset: Reset | null
  anchor: Instant
  countsFrom: Instant | null
  updatedAt: Instant
}

/** How one source takes part in the combination. */
export type Part = {
  source: Source
  /** What it adds to its grant set; null if it revokes or is replaced. */
  contributes: Allowance | null
  /** Whether the effective entitlement comes from it. */
  wins: boolean
}

export type Resolution = {
  /** The effective entitlement; null if no source gives the feature. */
  effective: EffectiveEntitlement | null
  /** Whether there are sources in force and all of them revoke. */
  isRevoked: boolean
  parts: readonly Part[]
}

/** The sources of a feature, and their resolution at an instant. */
export type ResolvedSources = {
  sources: readonly Source[]
  resolution: Resolution
  /** When time changes the customer's subscriptions next; null if no change is known. */
  changesAt: Instant | null
}

/** What a check requests; null if not sent. Usage is in the units that are reported. */
export type Request = {
  usage: Quantity | null
  values: readonly string[] | null
  /** The requested usage of a metered feature if none was sent. */
  defaultUsage: Quantity
}

export type Decision = {
  isGranted: boolean
  accessDeniedReason: AccessDeniedReason | null
  /** The rule that decided. */
  rule: EntitlementRule
}
