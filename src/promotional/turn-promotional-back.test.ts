import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type PromotionalInstants, turnPromotionalBack } from './turn-promotional-back.ts'

const on = (text: string) => Date.parse(`${text}T00:00:00Z`)
const AT = on('2026-05-18')
const AHEAD = { at: AT, beyond: AT + 10_000 }
const THEN = on('2027-06-22')
const BEFORE = on('2026-03-01')

const granted = (at: number, more: Partial<PromotionalInstants> = {}): PromotionalInstants => ({
  period: 'lifetime',
  startsAt: at,
  since: at,
  endsAt: null,
  createdAt: at,
  updatedAt: at,
  superseded: false,
  ...more,
})

const CASES: Readonly<Record<string, [PromotionalInstants, PromotionalInstants]>> = {
  'an entitlement granted in the future begins at the new instant': [granted(THEN), granted(AT)],
  'its period keeps its length': [
    granted(THEN, { period: '1 month', endsAt: on('2027-07-22') }),
    granted(AT, { period: '1 month', endsAt: on('2026-06-18') }),
  ],
  'a custom end is kept': [
    granted(THEN, { period: 'custom', endsAt: on('2028-01-01') }),
    granted(AT, { period: 'custom', endsAt: on('2028-01-01') }),
  ],
  'an entitlement revoked in the future ended at the new instant': [
    granted(BEFORE, { period: '1 year', endsAt: THEN, updatedAt: THEN }),
    granted(BEFORE, { period: '1 year', endsAt: AT, updatedAt: AT }),
  ],
  'an entitlement granted and revoked in the future was never in force': [
    granted(THEN - 5, { period: '1 week', endsAt: THEN, updatedAt: THEN }),
    granted(AT, { period: '1 week', endsAt: AT, updatedAt: AT }),
  ],
  'a revision changed in the future ended at the new instant': [
    granted(BEFORE, { superseded: true, endsAt: THEN }),
    granted(BEFORE, { superseded: true, endsAt: AT }),
  ],
  'the next revision begins at the new instant and keeps its end': [
    granted(BEFORE, { since: THEN, updatedAt: THEN, period: '6 month', endsAt: on('2026-09-01') }),
    granted(BEFORE, { since: AT, updatedAt: AT, period: '6 month', endsAt: on('2026-09-01') }),
  ],
  'a time within the allowed clock skew is kept': [granted(AT + 10_000), granted(AT + 10_000)],
  'a future end of a period is kept': [
    granted(BEFORE, { period: '1 year', endsAt: on('2027-03-01') }),
    granted(BEFORE, { period: '1 year', endsAt: on('2027-03-01') }),
  ],
}
for (const [name, [before, after]] of Object.entries(CASES))
  test(name, () => {
    assert.deepEqual(turnPromotionalBack(before, AHEAD), after)
    assert.deepEqual(turnPromotionalBack(after, AHEAD), after, 'a second time changes nothing')
  })
