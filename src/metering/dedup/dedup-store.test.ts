import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openWorld } from '../../../test/support/world.ts'
import { findDecisions, saveDecisions } from './decision-store.ts'
import { findDedupRecords, saveDedupKeys } from './dedup-store.ts'

const DAY_MS = 86_400_000
const world = await openWorld()
const { app } = world.bursar

test('a deduplication key is known until it is too old by both clocks, or by a test clock alone', async () => {
  const { scope } = await world.tenant()
  const at = Date.now()
  const [customerKey, eventKey, other] = [at, at, at].map((now) => app.ids.next(now))
  assert.ok(customerKey !== undefined && eventKey !== undefined && other !== undefined)
  const [named, decided] = ['1'.repeat(32), '2'.repeat(32)]
  const kept = { customerKey, eventKey, occurredAt: at, keptUntil: at + 35 * DAY_MS }
  const content = '3'.repeat(32)
  await app.db.transaction(async (tx) => {
    await saveDedupKeys(tx, scope, [{ ...kept, name: named }])
    await saveDecisions(tx, scope, [{ ...kept, name: decided, content, answer: {} }])
  })
  const found = async (isTest: boolean, now: number) => {
    const clock = { ...app.clock, isTest }
    const [one] = await findDedupRecords(app.db.read, clock, [{ customerKey, name: named, now }])
    const [two] = await findDecisions(app.db.read, clock, [{ customerKey, name: decided, now }])
    return [one?.eventKey, two?.eventKey]
  }
  for (const isTest of [true, false])
    assert.deepEqual(await found(isTest, at), [eventKey, eventKey])
  assert.deepEqual(await found(true, at + 400 * DAY_MS), [undefined, undefined])
  assert.deepEqual(await found(false, at + 400 * DAY_MS), [eventKey, eventKey])
})
