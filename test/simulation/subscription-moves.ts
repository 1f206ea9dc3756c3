import fc from 'fast-check'
import type { ModelMove, ModelPlans } from './model/subscriptions.ts'

/** Three years in steps of half a day. All instants are whole steps. */
const STEP_MS = 43_200_000
export const START = Date.parse('2027-01-31T10:00:00.007Z')
export const STEPS = 3 * 366 * 2
export const instantOf = (step: number) => START + step * STEP_MS

export const PLANS: ModelPlans = {
  free: { rank: 0, period: null, parent: null, published: [0] },
  basic: { rank: 1, period: 1, parent: null, published: [0, instantOf(900)] },
  pro: { rank: 1, period: 12, parent: 'basic', published: [0, instantOf(500), instantOf(1500)] },
  other: { rank: 1, period: 1, parent: null, published: [0] },
}
const seldom = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary })
const ahead = fc.integer({ min: 1, max: 120 })
const move = fc.oneof(
  fc.record({
    type: fc.constant('provision' as const),
    plan: fc.constantFrom(...Object.keys(PLANS)),
    starts: seldom(ahead),
    atEnd: fc.boolean(),
    trial: seldom(fc.record({ length: ahead, converts: fc.boolean() })),
    isTrialRefused: fc.boolean(),
  }),
  fc.record({
    type: fc.constant('cancel' as const),
    pick: fc.nat(),
    atEnd: fc.constantFrom(true, false, null),
  }),
  fc.record({
    type: fc.constant('units' as const),
    pick: fc.nat(),
    units: fc.integer({ min: 1, max: 5 }),
    atEnd: fc.boolean(),
  }),
)
export type Move = typeof move extends fc.Arbitrary<infer T> ? T : never
/** The most moves of one customer. With fewer moves, there is more time between them. */
const MOVES = Number(process.env.BURSAR_TEST_MOVES ?? 40)
/** Moves of one customer, each with the number of steps before it. */
export const moves = fc.array(
  fc.tuple(fc.integer({ min: 0, max: Math.ceil(5600 / MOVES) }), move),
  {
    minLength: Math.ceil(MOVES / 4),
    maxLength: MOVES,
  },
)

/**
 * Returns the move with ids and instants; null if it is about no subscription. `open` are the
 * subscriptions that are not over.
 */
export function moveAt(
  of: Move,
  { open, at, index }: { open: readonly { id: string }[]; at: number; index: number },
): ModelMove | null {
  if (of.type === 'provision') {
    const startsAt = of.starts === null ? null : at + of.starts * STEP_MS
    const trial = of.plan === 'free' ? null : of.trial
    const ends = trial && (startsAt ?? at) + trial.length * STEP_MS
    return {
      ...{ type: 'provision', id: `sub-${index}`, plan: of.plan, startsAt, atEnd: of.atEnd },
      trial: trial && ends !== null ? { ends, converts: trial.converts } : null,
      isTrialRefused: of.isTrialRefused,
    }
  }
  const id = open[of.pick % open.length]?.id
  if (id === undefined) return null
  return of.type === 'cancel'
    ? { type: 'cancel', id, atEnd: of.atEnd, next: `free-${index}` }
    : { type: 'units', id, units: of.units, atEnd: of.atEnd }
}
