import type { Tx } from '../../db/index.ts'
import type { Decision } from '../../entitlements/index.ts'
import { budgets } from './budgets.ts'
import { KeptCounters } from './kept-counters.ts'
import { KeptTotals } from './kept-totals.ts'
import { limits } from './limits.ts'
import type {
  Authorization,
  AuthorizationQuery,
  Kept,
  Part,
  Participant,
  PartQuery,
} from './participant.ts'

/** All participants, in the order in which they decide. It is that of the published reasons. */
export const PARTICIPANTS: readonly Participant[] = [limits, budgets]

/** Returns the cached usage of a customer of which nothing is known yet. */
export const newKept = (): Kept => ({ limits: new KeptTotals(), budgets: new KeptCounters() })

/** The memory of cached usage, in bytes. */
export const keptBytes = (kept: Kept): number => kept.limits.bytes + kept.budgets.bytes

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
