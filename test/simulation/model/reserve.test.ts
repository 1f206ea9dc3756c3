import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wholeUnits } from '../../../src/kernel/quantity.ts'
import { CREATED, createAcme, customerOf, done, FEATURE, grantTokens } from './acme.ts'
import { ask, assign, budget, codes, drawn } from './acme-calls.ts'
import { consume } from './consume.ts'
import { commit, extend, release, reserve, statusOf } from './reserve.ts'
import type { Reservation, State } from './state.ts'
import { archiveCustomer } from './structure.ts'

const SECOND = 1000
const DAY = 86_400_000
const ann = { userId: 'ann' }

/** Ann may use 10 a day. */
function create(): State {
  const state = createAcme()
  done(assign(state, [budget('ann', 10, { cadence: 'P1D' })]))
  return state
}

const chain = (state: State, now = CREATED) => drawn(ask(state, ann, 1, now))?.[0]
const input = (amount: number, idempotencyKey: string) => ({
  ...{ customerId: 'acme', featureId: FEATURE, amount, idempotencyKey },
  dimensions: ann,
})
const hold = (state: State, amount: number, key = `hold ${amount}`): Reservation => {
  const { reservation } = done(reserve(state, input(amount, key), CREATED))
  assert.ok(reservation !== null)
  return reservation
}
const named = (reservation: Reservation) => ({ customerId: 'acme', reservation })

test('a granted consumption is recorded, and a denied one is not', () => {
  const state = create()
  const first = done(consume(state, input(10, 'a'), CREATED))
  assert.deepEqual(first.decision, { isGranted: true, reason: null, recorded: true })
  assert.deepEqual(drawn(first.after), ['ann 10/10'])
  const second = done(consume(state, input(1, 'b'), CREATED))
  const denied = { isGranted: false, reason: 'BudgetExceeded', recorded: false }
  assert.deepEqual([second.decision, drawn(second.after)], [denied, ['ann 10/10!']])
  const forced = done(consume(state, { ...input(1, 'c'), mode: 'record' }, CREATED))
  assert.deepEqual(
    [forced.decision, drawn(forced.after)],
    [{ ...denied, recorded: true }, ['ann 11/10!']],
  )
})

test('a repeated key gets its first decision, even a denial, and is refused with another amount', () => {
  const state = create()
  const once = done(consume(state, input(8, 'a'), CREATED)).decision
  const denied = done(consume(state, input(3, 'b'), CREATED)).decision
  done(assign(state, [budget('ann', 100, { cadence: 'P1D' })]))
  assert.deepEqual(done(consume(state, input(8, 'a'), CREATED)).decision, once)
  assert.deepEqual(done(consume(state, input(3, 'b'), CREATED)).decision, denied)
  assert.deepEqual(codes(consume(state, input(4, 'b'), CREATED)), ['InvalidArgumentError'])
  assert.equal(chain(state), 'ann 8/100')
})

test('after a denial without an entitlement, the key is decided again', () => {
  const state = create()
  customerOf(state).grants = []
  assert.equal(done(consume(state, input(8, 'a'), CREATED)).decision.reason, 'NoActiveSubscription')
  grantTokens(state, 10_000)
  const second = done(consume(state, input(8, 'a'), CREATED))
  assert.deepEqual([second.decision.isGranted, second.isRepeated], [true, false])
  const third = done(consume(state, input(8, 'a'), CREATED))
  assert.deepEqual([third.isRepeated, third.after.chains], [true, null])
})

test('late consumption is decided in the windows of its timestamp', () => {
  const state = create()
  done(consume(state, input(10, 'a'), CREATED))
  const late = { ...input(7, 'b'), timestamp: CREATED, mode: 'record' } as const
  assert.equal(done(consume(state, late, CREATED + DAY)).decision.isGranted, false)
  assert.equal(done(consume(state, input(7, 'c'), CREATED + DAY)).decision.isGranted, true)
})

test('consumption from too long ago is refused, unless it is a repetition', () => {
  const state = create()
  const use = { ...input(3, 'a'), timestamp: CREATED }
  const { decision } = done(consume(state, use, CREATED + 300_000))
  assert.equal(decision.isGranted, true)
  const other = { ...use, idempotencyKey: 'b' }
  assert.deepEqual(codes(consume(state, other, CREATED + 300_001)), ['InvalidArgumentError'])
  assert.deepEqual(codes(reserve(state, other, CREATED + DAY)), ['InvalidArgumentError'])
  assert.deepEqual(done(consume(state, use, CREATED + DAY)).decision, decision)
})

test('a hold counts in every decision, is not shown as usage, and expires by itself', () => {
  const state = create()
  const reservation = hold(state, 7)
  assert.equal(chain(state), 'ann 0/10')
  assert.equal(ask(state, ann, 4).isGranted, false)
  assert.equal(done(reserve(state, input(4, 'b'), CREATED)).reservation, null)
  const end = CREATED + 60 * SECOND
  assert.deepEqual(
    [statusOf(reservation, end - 1), statusOf(reservation, end)],
    ['open', 'expired'],
  )
  assert.equal(ask(state, ann, 4, end - 1).isGranted, false)
  assert.equal(ask(state, ann, 4, end).isGranted, true)
  assert.deepEqual(codes(commit(state, named(reservation), end)), ['InvalidArgumentError'])
})

test('a commit counts in the windows of the reservation and releases the rest', () => {
  const state = create()
  const reservation = hold(state, 7)
  done(extend(state, { ...named(reservation), ttlSeconds: 86_400 }, CREATED))
  const tomorrow = CREATED + DAY - 1
  const first = done(commit(state, { ...named(reservation), amount: 3 }, tomorrow))
  assert.deepEqual(first.decision, { isGranted: true, reason: null, recorded: true })
  const counted = customerOf(state).records.map(({ at, amount, counted: by }) => [at, amount, by])
  const all = new Map(customerOf(state).budgets.map((each) => [each, wholeUnits(3)]))
  assert.deepEqual(counted, [[CREATED, wholeUnits(3), all]])
  assert.equal(chain(state, tomorrow), 'ann 0/10')
  assert.equal(ask(state, ann, 10, tomorrow).isGranted, true)
  const second = done(commit(state, { ...named(reservation), amount: 3 }, tomorrow))
  assert.deepEqual([second.decision, second.isRepeated], [first.decision, true])
  assert.deepEqual(drawn(first.after), ['ann 3/10'])
  for (const again of [
    commit(state, named(reservation), tomorrow),
    release(state, named(reservation), tomorrow),
    extend(state, { ...named(reservation), ttlSeconds: 1 }, tomorrow),
  ])
    assert.deepEqual(codes(again), ['InvalidArgumentError'])
})

test('the overage of a commit determines whether more than the hold is refused, decided or recorded', () => {
  const state = create()
  hold(state, 2, 'other')
  const reservation = hold(state, 5)
  const more = (amount: number, overage?: 'allow_if_available' | 'allow_overdraft') =>
    commit(state, { ...named(reservation), amount, ...(overage && { overage }) }, CREATED)
  assert.deepEqual(codes(more(6)), ['InvalidArgumentError'])
  const denied = { isGranted: false, reason: 'BudgetExceeded', recorded: false }
  assert.deepEqual(done(more(9, 'allow_if_available')).decision, denied)
  assert.equal(statusOf(reservation, CREATED), 'open')
  const other = create()
  const held = hold(other, 5)
  done(commit(other, { ...named(held), amount: 10, overage: 'allow_if_available' }, CREATED))
  assert.equal(chain(other), 'ann 10/10!')
  done(more(50, 'allow_overdraft'))
  assert.equal(chain(state), 'ann 50/10!')
})

test('a released reservation has no effect, and archiving the customer releases reservations', () => {
  const state = create()
  const [first, second, lapsed] = [hold(state, 4), hold(state, 5), hold(state, 1)]
  lapsed.expiresAt = CREATED
  done(release(state, named(first), CREATED))
  done(release(state, named(first), CREATED))
  assert.equal(ask(state, ann, 5).isGranted, true)
  done(archiveCustomer(state, 'acme', CREATED))
  assert.deepEqual(codes(commit(state, named(second), CREATED)), ['EntityIsArchivedError'])
  customerOf(state).archived = false
  assert.deepEqual(codes(commit(state, named(second), CREATED)), ['InvalidArgumentError'])
  const ends = [first, second, lapsed].map((each) => statusOf(each, CREATED))
  assert.deepEqual(ends, ['released', 'released', 'expired'])
  assert.equal(ask(state, ann, 10).isGranted, true)
})

test('a denial by unknown dimensions is not stored, unless it was recorded', () => {
  const state = create()
  state.unknownDimensions = 'deny'
  const strange = (key: string) => ({ ...input(2, key), dimensions: { userId: 'zoe' } })
  const denied = { isGranted: false, reason: 'EntitlementNotFound', recorded: false }
  assert.deepEqual(done(consume(state, strange('a'), CREATED)).decision, denied)
  assert.deepEqual(done(reserve(state, strange('a'), CREATED)).decision, denied)
  const recording = { ...strange('b'), mode: 'record' } as const
  for (const isRepeated of [false, true]) {
    const recorded = done(consume(state, recording, CREATED))
    assert.deepEqual(recorded.decision, { ...denied, recorded: true })
    assert.equal(recorded.isRepeated, isRepeated)
  }
  assert.equal(customerOf(state).records.length, 1)
  state.unknownDimensions = 'ignore'
  assert.equal(done(consume(state, strange('a'), CREATED)).decision.isGranted, true)
  assert.notEqual(done(reserve(state, strange('a'), CREATED)).reservation, null)
})

test('a commit lists unknown dimensions by name, shorter names first', () => {
  const state = create()
  const dimensions = { userId: 'zoe', modelId: 'none', orgId: 'none' }
  const { reservation } = done(reserve(state, { ...input(1, 'a'), dimensions }, CREATED))
  assert.ok(reservation !== null)
  const { after } = done(commit(state, named(reservation), CREATED))
  assert.deepEqual(after.unresolved, ['orgId', 'userId', 'modelId'])
})
