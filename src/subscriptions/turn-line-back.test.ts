import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lineOf, SHOP, subscriptionFrom } from '../../test/support/subscription-line.ts'
import type { Revision } from './revisions.ts'
import { timeline } from './timeline.ts'
import { turnRevisionsBack } from './turn-line-back.ts'
import type { Subscription } from './types.ts'

const on = (text: string) => Date.parse(`${text}T00:00:00Z`)
const AT = on('2026-05-18')
const AHEAD = { at: AT, beyond: AT + 10_000 }
const THEN = on('2027-06-22')
const BEFORE = on('2026-03-01')

const revisionsOf = (...states: readonly [since: number, parts: Partial<Subscription>][]) =>
  states.map(
    ([since, parts], revision): Revision => ({
      revision,
      since,
      until: states[revision + 1]?.[0] ?? null,
      subscription: subscriptionFrom(BEFORE, parts),
    }),
  )
const begun = (at: number): Partial<Subscription> => ({
  createdAt: at,
  startsAt: at,
  anchor: at,
  periodStart: at,
  usageAnchor: at,
})

const CASES: Readonly<Record<string, [Revision[], Revision[]]>> = {
  'a subscription of the future begins now, with its trial': [
    revisionsOf([
      THEN,
      {
        ...begun(THEN),
        status: 'IN_TRIAL',
        trial: { at: on('2027-06-29'), endBehavior: 'CONVERT_TO_PAID', successor: null },
      },
    ]),
    revisionsOf([
      AT,
      {
        ...begun(AT),
        status: 'IN_TRIAL',
        trial: { at: on('2026-05-25'), endBehavior: 'CONVERT_TO_PAID', successor: null },
      },
    ]),
  ],
  'one that ended in the future ends now': [
    revisionsOf([BEFORE, {}], [THEN, { status: 'CANCELED', closedAt: THEN }]),
    revisionsOf([BEFORE, {}], [AT, { status: 'CANCELED', closedAt: AT }]),
  ],
  'billing periods go on from their anchor': [
    revisionsOf([BEFORE, { periodStart: on('2027-06-01') }]),
    revisionsOf([BEFORE, { periodStart: on('2026-05-01') }]),
  ],
  'a start and an end that were chosen stay': [
    revisionsOf([
      BEFORE,
      {
        status: 'NOT_STARTED',
        pins: [],
        startsAt: THEN,
        usageAnchor: THEN,
        ending: { at: on('2028-01-01'), successor: null },
        anchor: null,
        periodStart: null,
      },
    ]),
    revisionsOf([
      BEFORE,
      {
        status: 'NOT_STARTED',
        pins: [],
        startsAt: THEN,
        usageAnchor: THEN,
        ending: { at: on('2028-01-01'), successor: null },
        anchor: null,
        periodStart: null,
      },
    ]),
  ],
}
for (const [name, [before, after]] of Object.entries(CASES))
  test(name, () => {
    assert.deepEqual(turnRevisionsBack(before, AHEAD), after)
    assert.deepEqual(turnRevisionsBack(after, AHEAD), after, 'a second time changes nothing')
  })

test('of several revisions of the future, the last one remains', () => {
  const turned = turnRevisionsBack(
    revisionsOf([BEFORE, {}], [THEN, { metadata: {} } as object], [THEN + 5, { id: 'last' }]),
    AHEAD,
  )
  assert.deepEqual(
    turned.map(({ revision, since, until, subscription }) => [
      revision,
      since,
      until,
      subscription.id,
    ]),
    [
      [0, BEFORE, AT, 'sub'],
      [2, AT, null, 'last'],
    ],
  )
})

test('a line that was turned back goes on as usual', () => {
  const [turned] = turnRevisionsBack(revisionsOf([THEN, begun(THEN)]), AHEAD)
  assert.ok(turned !== undefined)
  const { line } = timeline(lineOf(AT, turned.subscription), on('2026-06-20'), SHOP)
  assert.equal(line.subscriptions[0]?.periodStart, on('2026-06-18'))
})
