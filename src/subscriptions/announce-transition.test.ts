import assert from 'node:assert/strict'
import { test } from 'node:test'
import { subscriptionFrom } from '../../test/support/subscription-line.ts'
import { changesEntitlements, eventsOf } from './announce-transition.ts'
import type { Subscription, Transition, TransitionKind } from './types.ts'

const AT = Date.UTC(2026, 3, 1)
const active = subscriptionFrom(AT)
const waiting = subscriptionFrom(AT, { status: 'NOT_STARTED' })
const trial = subscriptionFrom(AT, { status: 'IN_TRIAL' })
const canceled = subscriptionFrom(AT, { status: 'CANCELED', closedAt: AT })
const transition = (
  kind: TransitionKind,
  before: Subscription | null,
  after: Subscription,
): Transition => ({ at: AT, kind, before, after })
const more = [{ addonKey: 'more', quantity: 1 }]
const withAddon = { ...active, content: { ...active.content, addons: more } }
const withNote = { ...active, content: { ...active.content, metadata: { note: 'x' } } }

/** The events, and whether entitlements may be others. */
const rows: readonly (readonly [Transition, readonly string[], boolean])[] = [
  [transition('CREATED', null, active), ['created'], true],
  [transition('CREATED', null, waiting), ['created'], false],
  [transition('CREATED', null, trial), ['created', 'trial_started'], true],
  [transition('STARTED', waiting, trial), ['updated', 'trial_started'], true],
  [transition('TRIAL_CONVERTED', trial, active), ['trial_converted'], true],
  [transition('TRIAL_EXPIRED', trial, canceled), ['trial_expired'], true],
  [transition('CANCELED', active, canceled), ['canceled'], true],
  [transition('CANCELED', waiting, canceled), ['canceled'], false],
  [transition('UPDATED', active, withAddon), ['updated'], true],
  [transition('UPDATED', active, withNote), ['updated'], false],
  [transition('PERIOD_STARTED', active, { ...active, periodStart: AT + 1 }), ['updated'], false],
  [transition('TRIAL_ENDS_SOON', trial, trial), ['trial.ends_soon'], false],
]
for (const [each, names, isOther] of rows)
  test(`${each.kind} from ${each.before?.status} to ${each.after.status}: ${names}`, () => {
    assert.deepEqual(
      eventsOf(each),
      names.map((name) => `subscription.${name}`),
    )
    assert.equal(changesEntitlements(each), isOther)
  })

test('newer versions may give something else', () => {
  const pins = [{ packageKey: '2-basic', version: 2 }]
  assert.ok(changesEntitlements(transition('UPDATED', active, { ...active, pins })))
})
