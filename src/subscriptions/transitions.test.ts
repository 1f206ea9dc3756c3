import assert from 'node:assert/strict'
import { test } from 'node:test'
import { subscriptionsIn } from '../../test/support/subscriptions.ts'
import { NOW, openWorldApart } from '../../test/support/world.ts'

const world = await openWorldApart({}, { isGuarded: true })
const { announced, cancel, goTo, open, provision, stateOf, tenant } = subscriptionsIn(world)

const DAY = '2026-05-19T10:07:42.000Z'
const MONTH = '2026-06-18T10:07:42.000Z'

const fresh = async () => {
  world.clock.moveTo(Date.parse(NOW))
  await open()
}

/** What is sent: a plan, or the cancellation of `a`, or the archive of the customer. */
type Sent = Parameters<typeof provision>[0] | { cancels: object } | 'archive'

const send = (sent: Sent): Promise<unknown> => {
  if (sent === 'archive') return tenant().ok('v1.customers.archive', { params: { id: 'acme' } })
  return 'cancels' in sent ? cancel('a', sent.cancels) : provision(sent)
}

/** Rows of the table of transitions: what is sent, what follows, and what is announced. */
const ROWS: readonly {
  name: string
  steps: readonly (readonly [at: string, sent: Sent])[]
  until: string
  states: Readonly<Record<string, string>>
  events: readonly string[]
}[] = [
  {
    name: '1: it is active at once',
    steps: [[NOW, { id: 'a', planId: 'basic' }]],
    until: NOW,
    states: { a: 'ACTIVE' },
    events: ['created a'],
  },
  {
    name: '2: it is in a trial',
    steps: [[NOW, { id: 'a', planId: 'tried' }]],
    until: NOW,
    states: { a: 'IN_TRIAL' },
    events: ['created a', 'trial_started a'],
  },
  {
    name: '3: it starts later',
    steps: [[NOW, { id: 'a', planId: 'basic', startDate: DAY }]],
    until: NOW,
    states: { a: 'NOT_STARTED' },
    events: ['created a'],
  },
  {
    name: '7: its start is reached',
    steps: [[NOW, { id: 'a', planId: 'basic', startDate: DAY }]],
    until: DAY,
    states: { a: 'ACTIVE' },
    events: ['created a', 'updated a'],
  },
  {
    name: '8: a newer one takes the place of one that is to start',
    steps: [
      [NOW, { id: 'a', planId: 'basic', startDate: DAY }],
      [NOW, { id: 'b', planId: 'pro', startDate: DAY }],
    ],
    until: NOW,
    states: { a: 'CANCELED UPGRADE_OR_DOWNGRADE', b: 'NOT_STARTED' },
    events: ['created a', 'canceled a', 'created b'],
  },
  {
    name: '8: it is canceled before it starts',
    steps: [
      [NOW, { id: 'a', planId: 'basic', startDate: DAY }],
      [NOW, { cancels: {} }],
    ],
    until: DAY,
    states: { a: 'CANCELED Immediate' },
    events: ['created a', 'canceled a'],
  },
  {
    name: '9: its trial is converted',
    steps: [[NOW, { id: 'a', planId: 'tried' }]],
    until: '2026-06-01T10:07:42.000Z',
    states: { a: 'ACTIVE' },
    events: ['created a', 'trial_started a', 'trial_converted a'],
  },
  {
    name: '10: its trial ends',
    steps: [[NOW, { id: 'a', planId: 'passing' }]],
    until: '2026-06-01T10:07:42.000Z',
    states: { a: 'CANCELED TRIAL_ENDED' },
    events: ['created a', 'trial_started a', 'trial_expired a'],
  },
  {
    name: '11: a paid plan on top of a trial starts when the trial ends',
    steps: [
      [NOW, { id: 'a', planId: 'tried' }],
      [NOW, { id: 'b', planId: 'pro' }],
    ],
    until: '2026-06-01T10:07:42.000Z',
    states: { a: 'CANCELED TRIAL_CONVERTED', b: 'ACTIVE' },
    events: [
      ...['created a', 'trial_started a', 'created b'],
      ...['trial_converted a', 'updated b'],
    ],
  },
  {
    name: '11: and now, if it says that it has no trial',
    steps: [
      [NOW, { id: 'a', planId: 'tried' }],
      [NOW, { id: 'b', planId: 'pro', trialOverrideConfiguration: { isTrial: false } }],
    ],
    until: NOW,
    states: { a: 'CANCELED TRIAL_CONVERTED', b: 'ACTIVE' },
    events: ['created a', 'trial_started a', 'trial_converted a', 'created b'],
  },
  {
    name: '11: the plan of the trial converts it now',
    steps: [
      [NOW, { id: 'a', planId: 'tried' }],
      [DAY, { planId: 'tried' }],
    ],
    until: DAY,
    states: { a: 'ACTIVE' },
    events: ['created a', 'trial_started a', 'trial_converted a'],
  },
  {
    name: '12: its trial is canceled',
    steps: [
      [NOW, { id: 'a', planId: 'passing' }],
      [DAY, { cancels: {} }],
    ],
    until: '2026-06-01T10:07:42.000Z',
    states: { a: 'CANCELED Immediate' },
    events: ['created a', 'trial_started a', 'canceled a'],
  },
  {
    name: '13: another trial takes its place',
    steps: [
      [NOW, { id: 'a', planId: 'tried' }],
      [NOW, { id: 'b', planId: 'passing', trialOverrideConfiguration: { isTrial: true } }],
    ],
    until: NOW,
    states: { a: 'CANCELED UPGRADE_OR_DOWNGRADE', b: 'IN_TRIAL' },
    events: ['created a', 'trial_started a', 'canceled a', 'created b', 'trial_started b'],
  },
  {
    name: '17: it is canceled now',
    steps: [
      [NOW, { id: 'a', planId: 'basic' }],
      [NOW, { cancels: { cancellationTime: 'IMMEDIATE' } }],
    ],
    until: NOW,
    states: { a: 'CANCELED Immediate' },
    events: ['created a', 'canceled a'],
  },
  {
    name: '17: it is canceled at the end of its period',
    steps: [
      [NOW, { id: 'a', planId: 'basic' }],
      [NOW, { cancels: { cancellationTime: 'END_OF_BILLING_PERIOD' } }],
    ],
    until: MONTH,
    states: { a: 'CANCELED ScheduledCancellation' },
    events: ['created a', 'updated a', 'canceled a'],
  },
  {
    name: '17: it is canceled on a date',
    steps: [
      [NOW, { id: 'a', planId: 'basic' }],
      [NOW, { cancels: { cancellationTime: 'SPECIFIC_DATE', endDate: DAY } }],
    ],
    until: DAY,
    states: { a: 'CANCELED ScheduledCancellation' },
    events: ['created a', 'updated a', 'canceled a'],
  },
  {
    name: '18: another plan takes its place',
    steps: [
      [NOW, { id: 'a', planId: 'basic' }],
      [DAY, { id: 'b', planId: 'pro' }],
    ],
    until: DAY,
    states: { a: 'CANCELED UPGRADE_OR_DOWNGRADE', b: 'ACTIVE' },
    events: ['created a', 'canceled a', 'created b'],
  },
  {
    name: '20: its customer is archived',
    steps: [
      [NOW, { id: 'a', planId: 'basic' }],
      [DAY, 'archive'],
    ],
    until: DAY,
    states: { a: 'CANCELED CustomerArchived' },
    events: ['created a', 'canceled a'],
  },
]

for (const { name, steps, until, states, events } of ROWS)
  test(`transition ${name}`, async () => {
    await fresh()
    for (const [at, sent] of steps) {
      await goTo(at)
      await send(sent)
    }
    world.clock.moveTo(Date.parse(until))
    const late = Object.fromEntries(
      await Promise.all(Object.keys(states).map(async (id) => [id, await stateOf(id)])),
    )
    assert.deepEqual(late, states, 'a read before the due work has run')
    await goTo(until)
    for (const [id, state] of Object.entries(states)) assert.equal(await stateOf(id), state, id)
    assert.deepEqual(await announced(), events)
  })
