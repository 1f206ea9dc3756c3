import type { Tx } from '../../db/index.ts'
import type { Decision } from '../../entitlements/index.ts'
import { budgets } from './budgets.ts'
import { CachedCounters } from './cached-counters.ts'
import { CachedTotals } from './cached-totals.ts'
import { limits } from './limits.ts'
import type {
  Authorization,
  AuthorizationQuery,
  CachedUsage,
  Part,
  Participant,
  PartQuery,
} from './participant.ts'

/** All participants, in the order in which they decide. It is that of the published reasons. */
export const PARTICIPANTS: readonly Participant[] = [limits, budgets]

/** Returns the cached usage of a customer of which nothing is known yet. */
export const newCachedUsage = (): CachedUsage => ({
  limits: new CachedTotals(),
  budgets: new CachedCounters(),
})

/** The memory of cached usage, in bytes. */
export const cachedBytes = (cached: CachedUsage): number =>
  cached.limits.bytes + cached.budgets.bytes

/** What all participants know of a batch's customers, in their order. */
export type Parts = readonly Part[]

export const loadParts = (tx: Tx, query: PartQuery): Promise<Parts> =>
  Promise.all(PARTICIPANTS.map((participant) => participant.load(tx, query)))

/** Before a participant has decided. */
const NO_LIMIT: Decision = { isGranted: true, accessDeniedReason: null, rule: 'UnlimitedUsage' }

/** Decides an amount by all participants. */
export const authorize = (parts: Parts, query: AuthorizationQuery): Authorization =>
  parts.reduce<Authorization>((before, part) => part.authorize(query, before), {
    decision: NO_LIMIT,
    shown: {},
  })
