import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AuditEntry, Subscription } from '../../../src/api.gen.ts'
import { timelineOf } from './timeline.ts'

const on = (day: string) => `2026-03-${day}T00:00:00.000Z`

const ACTIVE = {
  id: 'acme-pro',
  status: 'ACTIVE',
  cancelReason: null,
  startDate: on('02'),
  endDate: null,
  cancellationDate: null,
  effectiveEndDate: null,
  trialEndDate: null,
  trial: null,
  billingPeriod: 'MONTHLY',
  currentBillingPeriodEnd: on('20'),
  futureUpdates: [],
} as unknown as Subscription

const shown = (parts: Partial<Subscription>, entries: readonly AuditEntry[] = []) => {
  const { ahead, past } = timelineOf({ ...ACTIVE, ...parts }, entries)
  return [ahead, past].map((moments) => moments.map(({ at, what }) => `${at.slice(8, 10)} ${what}`))
}

const update = (parts: object) =>
  ({
    subscriptionScheduleType: 'ADDON',
    scheduleStatus: 'SCHEDULED',
    scheduledExecutionTime: on('15'),
    targetPackage: { id: 'seats' },
    ...parts,
  }) as Subscription['futureUpdates'][number]

test('what is to come is in the order in which it comes, and what happened is the last first', () => {
  const entry = { id: '1', type: 'subscription.updated', occurredAt: on('09'), actor: null }
  const parts = {
    cancellationDate: on('25'),
    futureUpdates: [
      update({}),
      update({ scheduleStatus: 'DONE', scheduledExecutionTime: on('05') }),
    ],
  }
  assert.deepEqual(shown(parts, [entry as unknown as AuditEntry]), [
    ['15 an add-on changes', '20 a new billing period begins, of a month', '25 it is canceled'],
    ['09 it was changed', '05 an add-on changes', '02 it started'],
  ])
})

test('a trial says what follows it', () => {
  const trial = {
    status: 'IN_TRIAL',
    trialEndDate: on('16'),
    currentBillingPeriodEnd: null,
  } as const
  for (const [trialEndBehavior, what] of [
    ['CONVERT_TO_PAID', 'the trial ends, and it is paid from then on'],
    ['CANCEL_SUBSCRIPTION', 'the trial ends, and the subscription with it'],
  ] as const)
    assert.deepEqual(shown({ ...trial, trial: { trialEndBehavior } })[0], [`16 ${what}`])
})

test('nothing is to come of what is over, and it says why', () => {
  const over = {
    status: 'CANCELED',
    cancelReason: 'Immediate',
    cancellationDate: on('12'),
    effectiveEndDate: on('12'),
    currentBillingPeriodEnd: null,
    futureUpdates: [update({ scheduleStatus: 'CANCELED' })],
  } as const
  assert.deepEqual(shown({ ...over, futureUpdates: [...over.futureUpdates] }), [
    [],
    ['15 an add-on changes', '12 it ended: canceled at once', '02 it started'],
  ])
})

test('what has not started starts', () => {
  const parts = { status: 'NOT_STARTED', currentBillingPeriodEnd: null } as const
  assert.deepEqual(shown(parts), [['02 it starts'], []])
})

test('what happens at one instant stands above the event that made it happen', () => {
  const entry = (type: string, at: string) =>
    ({ id: type, type, occurredAt: at, actor: null }) as unknown as AuditEntry
  const over = { status: 'CANCELED', effectiveEndDate: on('12') } as const
  const entries = [
    entry('subscription.canceled', on('12')),
    entry('subscription.created', on('02')),
  ]
  assert.deepEqual(shown(over, entries)[1], [
    '12 it ended',
    '12 it was canceled',
    '02 it started',
    '02 it was created',
  ])
})
