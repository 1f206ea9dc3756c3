import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { findRunning } from '../../src/embedded-postgres/index.ts'
import { runCli } from '../support/cli-process.ts'
import { query } from '../support/databases.ts'
import { until, within } from '../support/deadline.ts'
import { randomFrom, seedOf } from '../support/random.ts'
import { assertCleanEnd, openPlace, type Place } from '../support/server-process.ts'
import { auditHolds, auditLooks, auditRepetitions, auditServer, auditUses } from './hammer-audit.ts'
import { type Hammer, MAX_CLOCK_ERROR_MS, runClient, WINDOW_USED_MS } from './hammer-client.ts'
import { disturb, startServers } from './hammer-servers.ts'
import { buildTown } from './hammer-town.ts'

/** How long the clients send requests, in milliseconds. */
const DURATION_MS = Number(process.env.BURSAR_TEST_RACE_MS ?? 3_000)
const CLIENTS = 64
const SERVERS = Number(process.env.BURSAR_TEST_RACE_SERVERS ?? 4)
const CUSTOMERS = 6
/** The longest time until a reservation expires, by the slowest clock, in milliseconds. */
const LAST_HOLDS_MS = 3000 + MAX_CLOCK_ERROR_MS

/** Returns how much more is used in a run of this length than in a short one. */
const scaleOf = (ms: number): number => 1 + Math.floor(ms / 5000)

/** Asserts that `bursar verify` finds no differences; with `--repair`, none that are left. */
async function assertVerified(place: Place, ...options: string[]): Promise<void> {
  const settings = { BURSAR_DATA_DIR: place.dataDir }
  const { code, stdout, stderr } = await runCli(['verify', ...options], settings)
  assert.equal(code, 0, `${stdout}\n${stderr}`)
}

async function deleteCounters(place: Place): Promise<void> {
  const connection = await until('a database that is ready', () => findRunning(place.dataDir))
  const tables = ['usage_totals', 'usage_marks', 'budget_counters']
  await query(connection, tables.map((table) => `delete from ${table};`).join(' '))
}

test(`${CLIENTS} clients on ${SERVERS} servers never overspend, whatever is killed, paused or wrong`, async (t) => {
  const seed = seedOf(t)
  const place = openPlace(t)
  const random = randomFrom(seed, CLIENTS + 1)
  const servers = await startServers(place, { count: SERVERS, random })
  const [first] = servers
  assert.ok(first !== undefined)
  const town = await buildTown(first.url, randomFrom(seed, CLIENTS), {
    customers: CUSTOMERS,
    scale: {
      long: scaleOf(DURATION_MS),
      short: scaleOf(Math.min(DURATION_MS, WINDOW_USED_MS)),
    },
  })
  const start = Date.now()
  const hammer: Hammer = {
    ...{ town, start, end: start + DURATION_MS, signal: t.signal },
    urls: () => servers.map(({ url }) => url),
  }
  const clients = Array.from({ length: CLIENTS }, (_, index) =>
    runClient(hammer, randomFrom(seed, index), `client-${index}`),
  )
  const disturbances = disturb(place, servers, { random, end: hammer.end })
  const work = Promise.all([Promise.all(clients), disturbances])
  await Promise.race([work, delay(DURATION_MS)])
  const [all, happened] = await within('the end of all clients', work)
  t.diagnostic(happened)
  const [uses, looks] = [all.flatMap((each) => each.uses), all.flatMap((each) => each.looks)]
  assert.ok(
    all.every((each) => each.uses.length + each.looks.length > 0),
    'a client was never served',
  )
  await delay(LAST_HOLDS_MS)
  const url = servers[0]?.url ?? ''
  const { denials } = auditUses(town, uses)
  auditLooks(uses, looks)
  await auditRepetitions(hammer.urls(), uses)
  const held = await auditHolds(url, uses)
  await assertVerified(place)
  await auditServer(url, town, uses)
  await deleteCounters(place)
  await assertVerified(place, '--repair')
  await auditServer(url, town, uses)
  t.diagnostic(`${uses.length} uses, ${held} held, ${denials} denied, ${looks.length} checks`)
  const [withDatabase, ...others] = servers
  assert.ok(withDatabase !== undefined)
  for (const server of [...others, withDatabase]) server.kill('SIGTERM')
  // The others need not have ended before the one that runs the database.
  await Promise.all(others.map((server) => server.end()))
  await assertCleanEnd(place, withDatabase)
})
