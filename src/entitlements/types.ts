import type {
  AccessDeniedReason,
  EntitlementRule,
  EntitlementSourceKind,
  ResetAnchor,
  ResetPeriod,
} from '../api.gen.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Quantity } from '../kernel/quantity.ts'

/** How much of a feature somebody may use. The type of the feature says which parts count. */
export type Allowance = {
  /** In transformed units. null: 0, unless it is unlimited. */
  limit: Quantity | null
  isUnlimited: boolean
  /** Whether usage may go on beyond the limit. */
  isSoft: boolean
  /** Of an ENUM feature; each once. */
  enumValues: readonly string[]
}

/** When usage starts again from 0. */
export type Reset = {
  period: ResetPeriod
  /** null: from when the source began, as days and hours always do. */
  accordingTo: ResetAnchor | null
}

/** Something that gives a customer a feature, or takes away what another source gives. */
export type Source = {
  kind: EntitlementSourceKind
  /** The caller's id of the plan, add-on or subscription; of a promotional entitlement its own. */
  id: string
  /** Of a plan or an add-on, else null. */
  version: number | null
  /** How many of an add-on; of everything else 1. */
  quantity: number
  /** Sources of one subscription add up to one offer; null is an offer by itself. */
  subscription: { id: string; isTrial: boolean } | null
  /** Of a plan: 0 of the subscription's own, 1 of its parent, and so on; else 0. */
  generation: number
  /** Override, which only add-ons can: it replaces the offer of its subscription. */
  behavior: 'Increment' | 'Override'
  /** null revokes. */
  allowance: Allowance | null
  reset: Reset | null
  /** From when its reset periods count, unless they follow the calendar. */
  anchor: Instant
  /** In force from `startsAt` until `endsAt` (exclusive); null is for ever. */
  startsAt: Instant
  endsAt: Instant | null
  updatedAt: Instant
}

/** What a customer holds of a feature, all sources together. */
export type EffectiveEntitlement = Allowance & {
  /** Of the source that won, like the anchor and the time of change. */
  reset: Reset | null
  anchor: Instant
  updatedAt: Instant
}

/** One source's part in what is held. */
export type Part = {
  source: Source
  /** What it adds to its offer; null if it adds nothing, since it revokes or is replaced. */
  contributes: Allowance | null
  /** Whether what is held comes from it. */
  wins: boolean
}

export type Resolution = {
  /** null: no source grants the feature. */
  held: EffectiveEntitlement | null
  /** Whether all that is in force revokes. */
  isRevoked: boolean
  parts: readonly Part[]
}

/** What a check asks for; null where nothing was sent. Usage is in the units that are reported. */
export type Request = {
  usage: Quantity | null
  values: readonly string[] | null
  /** What a metered feature is asked for if no usage was sent. */
  defaultUsage: Quantity
}

export type Decision = {
  isGranted: boolean
  accessDeniedReason: AccessDeniedReason | null
  /** What decided. */
  rule: EntitlementRule
}
