import type { HeldSubscription, Holding, VersionPin } from '../../src/entitlements/holding.ts'
import type { Allowance, Source } from '../../src/entitlements/types.ts'
import { wholeUnits } from '../../src/kernel/quantity.ts'

/** The present in tests of rules. */
export const NOW = Date.UTC(2026, 4, 18, 10, 7, 42)

/** An active customer without a subscription. */
export const unsubscribed = {
  customer: 'ACTIVE',
  isResourceKnown: true,
  hasActiveSubscription: false,
} as const

export const nothing: Allowance = {
  limit: null,
  isUnlimited: false,
  isSoft: false,
  enumValues: [],
}
export const limited = (limit: number, isSoft = false): Allowance => ({
  ...nothing,
  limit: wholeUnits(limit),
  isSoft,
})
export const unlimited: Allowance = { ...nothing, isUnlimited: true }
export const values = (...enumValues: string[]): Allowance => ({ ...nothing, enumValues })

/** Returns a promotional entitlement that began a day ago, unless `parts` has another start. */
export const source = (parts: Partial<Source>): Source => ({
  kind: 'PROMOTIONAL',
  id: 'grant',
  version: null,
  quantity: 1,
  subscription: null,
  generation: 0,
  behavior: 'Increment',
  allowance: nothing,
  reset: null,
  anchor: NOW - 86_400_000,
  countsFrom: null,
  startsAt: NOW - 86_400_000,
  endsAt: null,
  updatedAt: NOW - 86_400_000,
  ...parts,
})

const subscribed = (id: string) => ({ subscription: { id, isTrial: false } })

export const plan = (allowance: Allowance | null, parts: Partial<Source> = {}): Source =>
  source({ kind: 'PLAN', id: 'pro', version: 1, ...subscribed('sub'), allowance, ...parts })

export const parentPlan = (allowance: Allowance | null, parts: Partial<Source> = {}): Source =>
  plan(allowance, { kind: 'PARENT_PLAN', id: 'base', generation: 1, ...parts })

export const addon = (allowance: Allowance | null, parts: Partial<Source> = {}): Source =>
  plan(allowance, { kind: 'ADDON', id: 'more', ...parts })

export const ofSubscription = (allowance: Allowance | null, parts: Partial<Source> = {}): Source =>
  plan(allowance, { kind: 'SUBSCRIPTION', id: 'sub', version: null, ...parts })

export const promotional = (allowance: Allowance | null, parts: Partial<Source> = {}): Source =>
  source({ allowance, ...parts })

/** Returns what a customer without subscriptions holds, unless `parts` says otherwise. */
export const holdingOf = (parts: Partial<Holding>): Holding => ({
  subscriptions: [],
  since: NOW - 86_400_000,
  until: null,
  ...parts,
})

/** Returns a subscription that gives nothing, unless `parts` says otherwise. */
export const heldSubscription = (parts: Partial<HeldSubscription>): HeldSubscription => ({
  id: 'sub',
  isTrial: false,
  resourceKey: null,
  since: NOW - 86_400_000,
  usageAnchor: NOW - 86_400_000,
  plans: [],
  addons: [],
  units: [],
  overrides: [],
  ...parts,
})

/** Returns the first version of a package whose key is its id. */
export const pinOf = (id: string): VersionPin => ({
  packageKey: id,
  id,
  version: 1,
  publishedAt: NOW - 86_400_000,
})
