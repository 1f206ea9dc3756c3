import type { Tx } from '../../db/index.ts'
import type { Decision } from '../../entitlements/index.ts'
import type { Instant } from '../../kernel/clock.ts'
import { budgets } from './budgets.ts'
import { CachedCounters } from './cached-counters.ts'
import { CachedTotals } from './cached-totals.ts'
import { limits } from './limits.ts'
import type {
  Authorization,
  AuthorizationQuery,
  BlockingHolds,
  CachedUsage,
  CheckQuery,
  Decider,
  Explanation,
  HoldOwner,
  Outcome,
  Part,
  Participant,
  PartQuery,
  Recall,
  Shown,
  UsageSource,
} from './participant.ts'
import { type Way, waysOf } from './ways.ts'

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

const UNDECIDED: Authorization = { decision: NO_LIMIT, shown: {} }

/** Decides an amount by all participants. */
export const authorize = (parts: Parts, query: AuthorizationQuery): Authorization =>
  parts.reduce((before, part) => part.authorize(query, before), UNDECIDED)

/**
 * Returns how all participants decide questions about a customer, in the order of the questions.
 * Null: something is not cached, and there is no reader.
 */
export function recallAll(
  source: UsageSource,
  queries: readonly CheckQuery[],
): readonly Deciders[] | null | Promise<readonly Deciders[] | null> {
  const recalls = PARTICIPANTS.map((participant) => participant.recall(source, queries))
  if (recalls.every(isInMemory)) return byQuestion(queries, recalls)
  return Promise.all(recalls).then((all) => byQuestion(queries, all))
}

const isInMemory = (recall: Recall): recall is Deciders | null => !(recall instanceof Promise)

/** How all participants decide one question, in their order. */
export type Deciders = readonly Decider[]

function byQuestion(
  queries: readonly CheckQuery[],
  recalled: readonly (Deciders | null)[],
): Deciders[] | null {
  if (recalled.includes(null)) return null
  return queries.map((_, index) => recalled.flatMap((deciders) => deciders?.[index] ?? []))
}

/** Decides a question by all participants. */
export const decideAll = (deciders: Deciders): Authorization =>
  deciders.reduce((before, decider) => decider(before), UNDECIDED)

/** Returns the instants at which a result may change without a write, apart from holds. */
export const changesOf = (outcome: Outcome): (Instant | null)[] =>
  PARTICIPANTS.flatMap((participant) => participant.changesAt(outcome))

/** Returns the holds that may have caused a denial, by participant. */
export const blockingHoldsOf = (outcome: Outcome, owner: HoldOwner): BlockingHolds[] =>
  PARTICIPANTS.flatMap((participant) => participant.blockingHolds(outcome, owner) ?? [])

/** Returns the fields of an explanation, and the ways to the opposite result. */
export const explainAll = (shown: Shown): { fields: Explanation; ways: Way[] } => ({
  fields: Object.assign({}, ...PARTICIPANTS.map((participant) => participant.explain(shown))),
  ways: waysOf(PARTICIPANTS.map((participant) => participant.stance(shown))),
})
