import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { databaseUrl, findRunning } from '../../src/embedded-postgres/index.ts'
import { runCli } from '../support/cli-process.ts'
import { query } from '../support/databases.ts'
import { until, within } from '../support/deadline.ts'
import { postmasterOf } from '../support/processes.ts'
import { type Random, randomFrom, seedOf } from '../support/random.ts'
import { assertCleanEnd, openPlace, type Place, signal } from '../support/server-process.ts'
import { auditHolds, auditRepetitions, auditServer, auditUses } from './hammer-audit.ts'
import { type Hammer, runClient, WINDOW_USED_MS } from './hammer-client.ts'
import { buildTown } from './hammer-town.ts'

/** How long the clients keep on, in milliseconds: load, not an assertion. */
const DURATION_MS = Number(process.env.BURSAR_TEST_RACE_MS ?? 5_000)
const CLIENTS = 64
const SERVERS = 4
const CUSTOMERS = 6
/** A kill comes after up to so many milliseconds. */
const SPREAD_MS = 1500
/** As long as the longest reservation lasts, in milliseconds. */
const LAST_HOLDS_MS = 3000

/** How much more is used in so many milliseconds than in those of a short run. */
const scaleOf = (ms: number): number => 1 + Math.floor(ms / 5000)

type Server = Awaited<ReturnType<Place['start']>>

const settings = { BURSAR_LOG_LEVEL: 'error' }

/** The first server brings the database; the others work on it too. */
async function startBeside(place: Place): Promise<Server> {
  const connection = await until('a database that is ready', () => findRunning(place.dataDir))
  return place.start({ settings: { ...settings, DATABASE_URL: databaseUrl(connection) } })
}

async function killServer(place: Place, servers: Server[], index: number): Promise<void> {
  const server = servers[index]
  assert.ok(server !== undefined)
  server.kill('SIGKILL')
  await server.end()
  servers[index] = index === 0 ? await place.start({ settings }) : await startBeside(place)
}

async function killDatabase(place: Place): Promise<void> {
  const before = await until('a database that is ready', () => postmasterOf(place.dataDir))
  signal(before, 'SIGKILL')
  await until('another database', () => {
    const pid = postmasterOf(place.dataDir)
    return pid !== null && pid !== before
  })
}

/** Kills a server or the database, again and again. Returns how often each was killed. */
async function killAll(place: Place, servers: Server[], { random, end }: Kills): Promise<string> {
  const kills: string[] = []
  while (Date.now() < end) {
    await delay(random.below(SPREAD_MS))
    const index = random.below(3) === 0 ? null : random.below(SERVERS)
    kills.push(index === null ? 'database' : `server ${index}`)
    await (index === null ? killDatabase(place) : killServer(place, servers, index)).catch(
      (error) => {
        throw new Error(`after ${kills}\n${place.processes()}\n${toldBy(servers)}`, {
          cause: error,
        })
      },
    )
  }
  return `killed: ${kills.join(', ')}`
}

const toldBy = (servers: readonly Server[]): string =>
  servers
    .map((each, index) => `${index}: ${each.hasEnded()} ${each.stderr().slice(-4000)}`)
    .join('\n')

type Kills = { random: Random; end: number }

/** Whatever `bursar verify` compares agrees. With `--repair`: it does then. */
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

test('64 clients on 4 servers never overspend, although servers and the database are killed', async (t) => {
  const seed = seedOf(t)
  const place = openPlace(t)
  const first = await place.start({ settings })
  const others = Array.from({ length: SERVERS - 1 }, () => startBeside(place))
  const servers = [first, ...(await Promise.all(others))]
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
  const random = randomFrom(seed, CLIENTS + 1)
  const kills = killAll(place, servers, { random, end: hammer.end })
  const work = Promise.all([Promise.all(clients), kills])
  await Promise.race([work, delay(DURATION_MS)])
  const [all, killed] = await within('the end of all clients', work)
  t.diagnostic(killed)
  const uses = all.flat()
  assert.ok(
    all.every(({ length }) => length > 0),
    'a client was never served',
  )
  await delay(LAST_HOLDS_MS)
  const url = servers[0]?.url ?? ''
  const { denials } = auditUses(town, uses)
  await auditRepetitions(hammer.urls(), uses)
  const held = await auditHolds(url, uses)
  await assertVerified(place)
  await auditServer(url, town, uses)
  await deleteCounters(place)
  await assertVerified(place, '--repair')
  await auditServer(url, town, uses)
  t.diagnostic(`${uses.length} uses, ${held} held, ${denials} denied`)
  for (const server of servers.slice(1).concat(servers.slice(0, 1))) server.kill('SIGTERM')
  assert.ok(servers[0] !== undefined)
  await assertCleanEnd(place, servers[0])
})
