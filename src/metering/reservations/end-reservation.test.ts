import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { refusedWith } from '../../../test/support/refused-with.ts'
import { ApiError } from '../../kernel/errors.ts'
import { type Quantity, wholeUnits } from '../../kernel/quantity.ts'
import type { Reservation } from '../types.ts'
import {
  commitReservation,
  extendReservation,
  type Overage,
  releaseReservation,
  reservationAt,
} from './end-reservation.ts'

const START = Date.UTC(2026, 4, 18)
const MINUTE = 60_000

const OPEN: Reservation = {
  customerKey: 'acme',
  featureKey: 'tokens',
  resourceKey: 'none',
  key: 'held',
  status: 'open',
  amount: wholeUnits(5),
  committedAmount: null,
  occurredAt: START,
  dimensions: null,
  attribution: null,
  createdAt: START,
  expiresAt: START + MINUTE,
  updatedAt: START,
}
const ended = (status: Reservation['status'], committed: Quantity | null = null): Reservation => ({
  ...OPEN,
  status,
  committedAmount: committed,
})

const isRefused = (message: RegExp) => refusedWith('InvalidArgumentError', message)

type Expectation = { committed: number; beyond: number; mustBeAllowed: boolean } | RegExp

const COMMITS: [string, Reservation, number | null, Overage, Expectation][] = [
  ['all', OPEN, null, 'reject', { committed: 5, beyond: 0, mustBeAllowed: false }],
  ['less', OPEN, 3, 'reject', { committed: 3, beyond: 0, mustBeAllowed: false }],
  ['nothing', OPEN, 0, 'reject', { committed: 0, beyond: 0, mustBeAllowed: false }],
  ['as much', OPEN, 5, 'allow_if_available', { committed: 5, beyond: 0, mustBeAllowed: false }],
  ['more', OPEN, 7, 'reject', /amount: the reservation held holds 5/],
  [
    'more if available',
    OPEN,
    7,
    'allow_if_available',
    { committed: 7, beyond: 2, mustBeAllowed: true },
  ],
  [
    'more in any case',
    OPEN,
    7,
    'allow_overdraft',
    { committed: 7, beyond: 2, mustBeAllowed: false },
  ],
  [
    'the same again',
    ended('committed', wholeUnits(7)),
    7,
    'reject',
    { committed: 7, beyond: 0, mustBeAllowed: false },
  ],
  [
    'another amount',
    ended('committed', wholeUnits(7)),
    6,
    'reject',
    /the reservation held was committed with 7/,
  ],
  ['all again', ended('committed', wholeUnits(3)), null, 'reject', /was committed with 3/],
  ['what was released', ended('released'), 3, 'allow_overdraft', /held was released/],
  ['what has expired', ended('expired'), 3, 'allow_overdraft', /expired at 2026-05-18T00:01:00/],
]

test('a commit records the used amount, and says which part the limits must allow', () => {
  for (const [name, before, amount, overage, expected] of COMMITS) {
    const used = { amount: amount === null ? null : wholeUnits(amount), overage }
    const commit = () => commitReservation(before, used, START + 1)
    if (expected instanceof RegExp) assert.throws(commit, isRefused(expected), name)
    else {
      const { after, beyond, mustBeAllowed } = commit()
      assert.equal(after.status, 'committed', name)
      assert.equal(after.committedAmount, wholeUnits(expected.committed), name)
      assert.equal(beyond, wholeUnits(expected.beyond), name)
      assert.equal(mustBeAllowed, expected.mustBeAllowed, name)
    }
  }
})

test('a reservation expires at its instant, whether or not that is stored', () => {
  const last = START + MINUTE - 1
  assert.equal(reservationAt(OPEN, last), OPEN)
  const after = reservationAt(OPEN, START + MINUTE)
  assert.deepEqual(after, { ...OPEN, status: 'expired', updatedAt: OPEN.expiresAt })
  assert.equal(commitReservation(OPEN, { amount: null, overage: 'reject' }, last).beyond, 0n)
  const late = () => commitReservation(OPEN, { amount: null, overage: 'reject' }, last + 1)
  assert.throws(late, isRefused(/expired/))
  assert.throws(() => extendReservation(OPEN, 60, last + 1), isRefused(/expired/))
  assert.throws(() => releaseReservation(OPEN, last + 1), isRefused(/expired/))
  const committed = ended('committed', OPEN.amount)
  assert.equal(reservationAt(committed, last + 1), committed)
})

test('an extension is counted from now, keeps the windows, and never shortens a reservation', () => {
  const extended = extendReservation(OPEN, 300, START + 1000)
  assert.equal(extended.expiresAt, START + 301_000)
  assert.deepEqual(
    { ...extended, expiresAt: 0, updatedAt: 0 },
    { ...OPEN, expiresAt: 0, updatedAt: 0 },
  )
  assert.equal(extendReservation(OPEN, 1, START + 1000), OPEN)
  for (const status of ['committed', 'released'] as const)
    assert.throws(() => extendReservation(ended(status), 60, START), isRefused(/was/))
})

test('a released reservation can be released again, and a committed one cannot', () => {
  const released = releaseReservation(OPEN, START + 1)
  assert.deepEqual(released, { ...OPEN, status: 'released', updatedAt: START + 1 })
  assert.equal(releaseReservation(released, START + 2 * MINUTE), released)
  assert.throws(() => releaseReservation(ended('committed', 1n), START), isRefused(/committed/))
})

type Step =
  | { step: 'commit'; amount: Quantity | null; overage: Overage }
  | { step: 'extend'; ttlSeconds: number }
  | { step: 'release' }

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    step: fc.constant('commit' as const),
    amount: fc.option(fc.bigInt({ min: 0n, max: wholeUnits(8) })),
    overage: fc.constantFrom<Overage>('reject', 'allow_if_available', 'allow_overdraft'),
  }),
  fc.record({ step: fc.constant('extend' as const), ttlSeconds: fc.integer({ min: 1, max: 90 }) }),
  fc.constant({ step: 'release' } as const),
)

function take(reservation: Reservation, taken: Step, now: number): Reservation {
  if (taken.step === 'commit') return commitReservation(reservation, taken, now).after
  if (taken.step === 'extend') return extendReservation(reservation, taken.ttlSeconds, now)
  return releaseReservation(reservation, now)
}

test('a reservation ends once, and each step can be repeated', () => {
  const timed = fc.tuple(step, fc.integer({ min: 0, max: 40_000 }))
  fc.assert(
    fc.property(fc.array(timed, { maxLength: 12 }), (steps) => {
      let now = START
      let reservation = OPEN
      for (const [taken, passed] of steps) {
        now += passed
        const before = reservationAt(reservation, now)
        try {
          reservation = take(reservation, taken, now)
        } catch (error) {
          assert.ok(error instanceof ApiError)
          assert.deepEqual(reservationAt(reservation, now), before, 'a refusal changes nothing')
          continue
        }
        assert.equal(take(reservation, taken, now), reservation)
        if (before.status !== 'open') assert.deepEqual(reservation, before)
        assert.equal(reservation.committedAmount !== null, reservation.status === 'committed')
        assert.equal(reservation.occurredAt, OPEN.occurredAt)
      }
    }),
  )
})
