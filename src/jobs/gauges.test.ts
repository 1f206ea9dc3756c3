import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openWorld } from '../../test/support/world.ts'
import { sql } from '../db/index.ts'
import { schedule } from './due-work.ts'
import { readGauges } from './gauges.ts'

const world = await openWorld()
const { app } = world.bursar

test('the gauges show the number of due pieces of work and the age of the oldest', async () => {
  const { scope } = await world.tenant()
  const kind = `figures.${process.pid}`
  const late = async (subject: string, forMs: number) => {
    const dueAt = world.clock.now() - forMs
    const work = { scope, customerKey: null, kind, subject, dueAt }
    await app.db.transaction((tx) => schedule(tx, app, work))
  }
  const before = await readGauges(app)
  await late('future', -60_000)
  await late('past', 500_000_000_000)
  const { dueWork, dueForMs, databaseBytes, outboxBytes } = await readGauges(app)
  await app.db.transaction((tx) => tx.execute(sql`delete from due_work where kind = ${kind}`))
  assert.ok(dueWork >= 1 && dueForMs >= 500_000_000_000, `${dueWork} for ${dueForMs} ms`)
  assert.ok(before.dueForMs < 500_000_000_000)
  assert.ok(databaseBytes > outboxBytes && outboxBytes > 0)
})
