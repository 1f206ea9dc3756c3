import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Answer } from '../../test/support/contract-client.ts'
import { subscriptionsIn } from '../../test/support/subscriptions.ts'
import { openTwoServers } from '../../test/support/world.ts'
import type { Subscription } from '../api.gen.ts'
import { column, row, sql } from '../db/index.ts'
import { publishEntitlements } from '../handlers.ts'
import { runDueWork } from '../jobs/due-work.ts'
import type { Scope } from '../kernel/scope.ts'
import { subscriptionWork } from './settle-work.ts'

const [first, second] = await openTwoServers()
const { list, open, provision, tenant } = subscriptionsIn(first)

const COUNT = 50
const PLANS = ['free', 'basic', 'pro', 'other', 'deal', 'tried', 'passing']
const STRATEGIES = ['END_OF_BILLING_PERIOD', 'IMMEDIATE']

/** At most one of a kind is in force in a line, and one is to start. */
function assertCardinality(found: Awaited<ReturnType<typeof list>>): void {
  for (const status of ['ACTIVE', 'IN_TRIAL', 'NOT_STARTED'])
    assert.ok(found.filter((each) => each.status === status).length <= 1, status)
}

const eventRow = row({
  type: column.text,
  traceId: column.text,
  subscription: column.json<Pick<Subscription, 'id' | 'status' | 'metadata'>>(),
})

/** The events of the customer's subscriptions, in the order of their transactions. */
const eventsOf = (scope: Scope) =>
  first.bursar.app.db.read.many(
    eventRow,
    sql`
    select type, trace_id, after as subscription from outbox
    where environment_key = ${scope.environmentKey}::uuid and type like 'subscription.%'
    order by transaction_id, event_key`,
  )

/** What explains that a request about `id` was refused: something that was announced. */
const EXPLANATIONS: Readonly<
  Record<string, (announced: readonly string[], id: string) => boolean>
> = {
  // It may not have been made yet, or was only the id of what was scheduled and given up.
  SubscriptionNotFound: (_, id) => id === 'next',
  SubscriptionAlreadyCanceledOrExpired: (announced, id) =>
    announced.some((each) => each.endsWith(` ${id} CANCELED`)),
  DuplicatedEntityNotAllowed: (announced, id) =>
    announced.some((each) => each.includes(` ${id} `)) || id === 'next',
  // A free, custom or canceled plan has no billing period to wait for, or no such add-on.
  SchedulingAtEndOfBillingPeriod: (announced) => announced.length > 1,
  IncompatibleSubscriptionAddon: (announced) => announced.length > 1,
}

test('however requests of two servers race, a line has at most one subscription of a kind, and the events explain each outcome', async () => {
  const { scope } = await open()
  await provision({ id: 'start', planId: 'basic' })
  const here = tenant()
  const there = here.through(second)
  const ids = ['start', 'next']
  const calls = Array.from({ length: COUNT }, async (_, index) => {
    const server = index % 2 === 0 ? here : there
    const id = ids[Math.floor(index / 2) % ids.length] ?? 'start'
    const metadata = { [`m${index}`]: 'x' }
    const send = (): Promise<Answer> => {
      const kind = index % 5
      if (kind === 0) return server.call('v1.subscriptions.cancel', { params: { id }, body: {} })
      if (kind === 1) {
        const body = { metadata, addons: [{ id: 'more', quantity: 1 + (index % 3) }] }
        return server.call('v1.subscriptions.update', { params: { id }, body })
      }
      const planId = PLANS[index % PLANS.length]
      const strategy = index % 7 === 0 ? { scheduleStrategy: STRATEGIES[index % 2] } : {}
      const start = index % 11 === 0 ? { startDate: '2026-08-01T00:00:00Z' } : {}
      const named = index % 3 === 0 ? { id } : {}
      const body = { customerId: 'acme', planId, metadata, ...named, ...strategy, ...start }
      return server.call('v1.subscriptions.provision', { body })
    }
    const answer = await send()
    // Meanwhile, nobody sees a line that is not as it must be.
    const { data } = await server.ok('v1.subscriptions.list', {
      query: { customerId: 'acme', limit: '100' },
    })
    assertCardinality(data)
    return { id, answer }
  })
  const outcomes = await Promise.all(calls)
  const events = await eventsOf(scope)
  const announced = events.map(
    ({ type, subscription: { id, status } }) => `${type} ${id} ${status}`,
  )
  for (const { id, answer } of outcomes) {
    const { status, headers, refusal, text } = answer
    assert.ok(status < 500, text)
    const own = events.filter(({ traceId }) => traceId === headers['x-trace-id'])
    if (refusal === null) {
      // Each request changes something: it cancels, or it has metadata of its own.
      assert.ok(own.length > 0, text)
      continue
    }
    assert.deepEqual(own, [], text)
    const explains = EXPLANATIONS[refusal.code ?? '']
    assert.ok(explains?.(announced, id), `${text} is not explained by ${announced.join(', ')}`)
  }
  const successes = outcomes.filter(({ answer }) => answer.refusal === null)
  assert.ok(successes.length >= COUNT / 5)

  // What is left is what was announced: each subscription began once, and ended once if it has.
  const found = await list({ customerId: 'acme' })
  assertCardinality(found)
  const { length: all } = found
  assert.equal(announced.filter((each) => each.startsWith('subscription.created ')).length, all)
  for (const { id, status } of found) {
    const isOf = (each: string) => each.split(' ')[1] === id
    const ends = announced.filter((each) => isOf(each) && each.endsWith(' CANCELED'))
    assert.equal(ends.length, status === 'CANCELED' ? 1 : 0, id)
    assert.ok(
      announced.some((each) => isOf(each) && each.endsWith(` ${status}`)),
      id,
    )
  }
})

test('the due work of two servers and requests settle a line once', async () => {
  await open()
  await provision({ id: 'a', planId: 'tried' })
  first.clock.moveTo(Date.parse('2026-07-02T00:00:00Z'))

  const handlers = subscriptionWork(publishEntitlements)
  const update = () =>
    tenant().call('v1.subscriptions.update', {
      params: { id: 'a' },
      body: { metadata: { a: 'b' } },
    })
  const outcomes = await Promise.all([
    runDueWork(first.bursar.app, handlers),
    update(),
    runDueWork(second.bursar.app, handlers),
    update(),
  ])
  assert.equal(outcomes.length, 4)
  const converted = (await tenant().announced()).filter(
    ({ type }) => type === 'subscription.trial_converted',
  )
  assert.equal(converted.length, 1)
  assert.equal((await list({ customerId: 'acme' }))[0]?.status, 'ACTIVE')
})
