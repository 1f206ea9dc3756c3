import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { until, within } from '../support/deadline.ts'
import { prepare, readEntities } from '../support/entity-calls.ts'
import { type Random, randomFrom, seedOf } from '../support/random.ts'
import { endCleanly, openPlace } from '../support/server-process.ts'
import { KILLS, type ServerHolder } from './kills.ts'
import { startWriter, type Writer } from './writer.ts'

/** How often something is killed. Few by default, because CI has little time. */
const ROUNDS = Number(process.env.BURSAR_TEST_ROUNDS ?? 3)
const CUSTOMERS = ['acme', 'globex', 'initech']
const WRITERS_EACH = 2
/** How many requests of each writer must succeed between two kills. */
const WORK_BETWEEN = 5
/**
 * A kill comes after a random delay of up to so many milliseconds, during any step of a request.
 */
const SPREAD_MS = 40

for (const [victim, kill] of Object.entries(KILLS)) {
  test(`repeated kill -9 of ${victim} under load loses no acknowledged row`, async (t) => {
    const place = openPlace(t)
    const running: ServerHolder = { server: await place.start() }
    await prepare(running.server.url, CUSTOMERS)
    const random = randomFrom(seedOf(t), 0)
    const writers = startWriters(t, running, random)
    for (let round = 0; round < ROUNDS; round += 1) {
      await workOn(writers)
      await delay(random.below(SPREAD_MS))
      await kill(place, running)
    }
    await workOn(writers)
    await Promise.all(writers.map((writer) => within('the end of a writer', writer.stop())))
    await assertNothingLost(running.server.url, writers)
    t.diagnostic(summary(writers))
    await endCleanly(place, running.server)
  })
}

function startWriters(t: TestContext, running: ServerHolder, random: Random): Writer[] {
  const writers = CUSTOMERS.flatMap((customerId) =>
    Array.from({ length: WRITERS_EACH }, (_, index) =>
      startWriter({
        customerId,
        name: `${customerId}-${index}`,
        url: () => running.server.url,
        random: randomFrom(random.below(2 ** 30), index),
      }),
    ),
  )
  t.after(() => Promise.allSettled(writers.map((writer) => writer.stop())))
  return writers
}

/** Waits until `WORK_BETWEEN` more requests of each writer are acknowledged. */
async function workOn(writers: readonly Writer[]): Promise<void> {
  const goals = writers.map((writer) => writer.acknowledgedRequests() + WORK_BETWEEN)
  await until('acknowledged writes of every writer', () =>
    writers.every((writer, index) => writer.acknowledgedRequests() >= (goals[index] ?? 0)),
  )
}

async function assertNothingLost(url: string, writers: readonly Writer[]): Promise<void> {
  for (const customerId of CUSTOMERS) {
    const found = await readEntities(url, customerId)
    const own = writers.filter((writer) => writer.customerId === customerId)
    const rows = own.flatMap((writer) => [...writer.rows])
    for (const [id, row] of rows) {
      const value = Number(found.get(id)?.value ?? 0)
      const isPossible = value >= row.acknowledged && value <= row.attempted
      const { acknowledged, attempted } = row
      assert.ok(isPossible, `${id} is ${value}: acknowledged ${acknowledged}, sent ${attempted}`)
      found.delete(id)
    }
    assert.deepEqual([...found.keys()], [], 'entities that nobody has sent')
  }
}

function summary(writers: readonly Writer[]): string {
  const rows = writers.flatMap((writer) => [...writer.rows.values()])
  const requests = writers.reduce((sum, writer) => sum + writer.acknowledgedRequests(), 0)
  const without = writers.reduce((sum, writer) => sum + writer.requestsWithout(), 0)
  const acknowledged = rows.filter((row) => row.acknowledged > 0).length
  return `${requests} requests acknowledged, ${without} not; ${acknowledged} rows checked`
}
