import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { databaseUrl, findRunning } from '../../src/embedded-postgres/index.ts'
import { query } from '../support/databases.ts'
import { until } from '../support/deadline.ts'
import { postmasterOf } from '../support/processes.ts'
import type { Random } from '../support/random.ts'
import { type Place, signal } from '../support/server-process.ts'
import { openClock } from '../support/wrong-clock.ts'
import { MAX_CLOCK_ERROR_MS } from './hammer-client.ts'

type RunningServer = Awaited<ReturnType<Place['start']>>
export type HammerServer = RunningServer & { settings: Record<string, string> }

/** The maximum delay before a disturbance, and the maximum length of a pause, in milliseconds. */
const SPREAD_MS = 1500
const CUT =
  "select pg_terminate_backend(pid) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()"

/**
 * Starts servers on one database. The first one runs the database. Its clock is right, because it
 * creates the budgets, and clients use windows from the start of the test on. The clocks of the
 * others are wrong by up to `MAX_CLOCK_ERROR_MS`.
 */
export async function startServers(
  place: Place,
  { count, random }: { count: number; random: Random },
): Promise<HammerServer[]> {
  const others = Array.from({ length: count - 1 }, async (_, index) => {
    const clock = openClock(place, `clock-${index}`)
    clock.set(random.below(2 * MAX_CLOCK_ERROR_MS + 1) - MAX_CLOCK_ERROR_MS)
    return start(place, clock.settings)
  })
  return Promise.all([start(place, null), ...others])
}

/** `settings` are null for the server that runs the database. */
async function start(place: Place, settings: Record<string, string> | null): Promise<HammerServer> {
  const own: Record<string, string> = { BURSAR_LOG_LEVEL: 'error', ...settings }
  const database = settings === null ? {} : { DATABASE_URL: databaseUrl(await databaseOf(place)) }
  return { ...(await place.start({ settings: { ...own, ...database } })), settings: own }
}

const databaseOf = (place: Place) =>
  until('a database that is ready', () => findRunning(place.dataDir))

async function killServer(place: Place, servers: HammerServer[], index: number): Promise<void> {
  const server = servers[index]
  assert.ok(server !== undefined)
  server.kill('SIGKILL')
  await server.end()
  servers[index] = await start(place, index === 0 ? null : server.settings)
}

async function killDatabase(place: Place): Promise<void> {
  const before = await until('a database that is ready', () => postmasterOf(place.dataDir))
  signal(before, 'SIGKILL')
  await until('another database', () => {
    const pid = postmasterOf(place.dataDir)
    return pid !== null && pid !== before
  })
}

type Pause = { forMs: number; isCut: boolean }

/** Suspends a server for a while. With `isCut`, ends all sessions of the database meanwhile. */
async function pauseServer(
  place: Place,
  server: RunningServer | undefined,
  pause: Pause,
): Promise<void> {
  assert.ok(server !== undefined)
  server.kill('SIGSTOP')
  try {
    if (pause.isCut) await query(await databaseOf(place), CUT)
    await delay(pause.forMs)
  } finally {
    server.kill('SIGCONT')
  }
}

/** Kills and pauses servers and the database until the end. Returns what happened. */
export async function disturb(
  place: Place,
  servers: HammerServer[],
  { random, end }: { random: Random; end: number },
): Promise<string> {
  const happened: string[] = []
  while (Date.now() < end) {
    await delay(random.below(SPREAD_MS))
    await disturbOnce(place, servers, { random, happened }).catch((error) => {
      throw new Error(`after ${happened}\n${place.processes()}\n${toldBy(servers)}`, {
        cause: error,
      })
    })
  }
  return happened.join(', ')
}

async function disturbOnce(
  place: Place,
  servers: HammerServer[],
  { random, happened }: { random: Random; happened: string[] },
): Promise<void> {
  const index = random.below(servers.length)
  const choice = random.below(6)
  if (choice < 2) {
    happened.push('database killed')
    return killDatabase(place)
  }
  if (choice < 4) {
    happened.push(`server ${index} killed`)
    return killServer(place, servers, index)
  }
  const isCut = choice === 5
  happened.push(`server ${index} paused${isCut ? ', all sessions ended' : ''}`)
  return pauseServer(place, servers[index], { forMs: random.below(SPREAD_MS), isCut })
}

const toldBy = (servers: readonly RunningServer[]): string =>
  servers
    .map((each, index) => `${index}: ${each.hasEnded()} ${each.stderr().slice(-4000)}`)
    .join('\n')
