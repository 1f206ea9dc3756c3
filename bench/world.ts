import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import pg from 'pg'
import { ensureDefaultEnvironment } from '../src/access/index.ts'
import { readConfig } from '../src/config.ts'
import { handlers } from '../src/handlers.ts'
import { type ApiDocument, type Operation, readApiDocument } from '../src/http/index.ts'
import { systemClock } from '../src/kernel/clock.ts'
import { systemOrigin } from '../src/kernel/origin.ts'
import type { Scope } from '../src/kernel/scope.ts'
import { createLog } from '../src/log.ts'
import { createApp } from '../src/main.ts'
import type { Call } from '../src/operation.ts'
import { notedIds, record } from './record.ts'
import {
  FRESH_ID,
  type Lanes,
  type OperationCall,
  type Scenario,
  type Steps,
  type Turn,
  type World,
} from './types.ts'
import { callWith, firstWhole, reservedIn } from './wholes.ts'

const CONTRACT = new URL('../api/openapi.json', import.meta.url)

export type OpenWorld = World & {
  contract: ApiDocument
  /** The same in another environment. */
  of(scope: Scope): World
  close(): Promise<void>
}

type AnyHandler = (request: object, call: Call) => Promise<unknown>

/** Opens the application in this process, on the server's database. */
export async function openWorld(databaseUrl: string): Promise<OpenWorld> {
  const config = readConfig({ BURSAR_LOG_LEVEL: 'error' }, process.cwd())
  const opened = await createApp({
    config,
    connection: { connectionString: databaseUrl },
    clock: systemClock,
    origin: systemOrigin('bench'),
    log: createLog(config, process.stderr),
  })
  const app = { ...opened, ids: notedIds(opened.ids) }
  const of = (scope: Scope): World => ({
    app,
    scope,
    run: ({ operation, params = {}, query = {}, body: template }) => {
      const body = withFreshIds(template)
      const handler = handlers[operation] as unknown as AnyHandler
      // As long as that of a request, because it is written with each change.
      const origin = { ...app.origin, operation, traceId: '0'.repeat(32) }
      return handler({ params, query, body }, { app, scope, origin })
    },
    execute: (text) => execute(databaseUrl, text),
  })
  return {
    ...of(await ensureDefaultEnvironment(app)),
    of,
    contract: await readApiDocument(CONTRACT),
    close: () => app.db.close(),
  }
}

/** Runs SQL on a new connection without a statement timeout, because it fills tables. */
async function execute(databaseUrl: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    await client.query(text)
  } finally {
    await client.end()
  }
}

/** Replaces the placeholders by one new id, like the load for each request. */
function withFreshIds(template: unknown): unknown {
  if (template === undefined) return undefined
  return JSON.parse(JSON.stringify(template).replaceAll(FRESH_ID, randomUUID()))
}

/**
 * Prepares a scenario and records the statements of its calls. If only the server and the baseline
 * by hand are measured, records only the first call, because no side sends the statements of the
 * others.
 */
export async function recordLanes(world: OpenWorld, scenario: Scenario): Promise<Lanes> {
  await scenario.prepare(world)
  const isSent = scenario.baselines.some((name) => name === 'fastify' || name === 'sql')
  const lanes: Turn[][] = []
  for (let connection = 0; connection < scenario.connections; connection += 1) {
    const calls = scenario.calls(connection)
    const turns = calls.map((call): Turn => ({ ...httpOf(world.contract, call), recording: [] }))
    const recorded = isSent ? turns.length : connection === 0 ? firstWhole(turns).length : 0
    // Runs twice, because the first run may create what later runs only change.
    const sent = calls.slice(0, recorded)
    const recordings = await recordCalls(world, sent, await recordCalls(world, sent, []))
    lanes.push(turns.map((turn, at) => ({ ...turn, recording: recordings[at] ?? [] })))
  }
  return lanes
}

async function recordCalls(
  world: OpenWorld,
  calls: readonly OperationCall[],
  earlier: readonly Steps[],
): Promise<Steps[]> {
  const recordings: Steps[] = []
  let reserved: string | null = null
  for (const [at, call] of calls.entries()) {
    let answer: unknown
    const run = async () => {
      answer = await world.run(callWith(call, reserved))
    }
    recordings.push(await record(run, earlier[at]))
    reserved = reservedIn(answer) ?? reserved
  }
  return recordings
}

/** Returns the call as an HTTP request. */
export function httpOf(contract: ApiDocument, call: OperationCall): Omit<Turn, 'recording'> {
  const operation = operationOf(contract, call)
  const query = Object.entries(call.query ?? {}).flatMap(([name, value]) => queryOf(name, value))
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(call.params?.[name] ?? ''),
  )
  return {
    method: operation.method,
    route: operation.path.replaceAll(/\{(\w+)\}/g, ':$1'),
    path: query.length === 0 ? path : `${path}?${query.join('&')}`,
    body: call.body === undefined ? null : JSON.stringify(call.body),
    ...(call.headers !== undefined && { headers: call.headers }),
  }
}

/** Returns a parameter as in a URL. An object becomes one parameter per field. */
const queryOf = (name: string, value: NonNullable<OperationCall['query']>[string]): string[] =>
  typeof value === 'object'
    ? Object.entries(value).flatMap(([field, of]) => queryOf(`${name}[${field}]`, of))
    : [`${encodeURIComponent(name)}=${encodeURIComponent(value)}`]

function operationOf(contract: ApiDocument, { operation }: OperationCall): Operation {
  const found = contract.operations.find(({ id }) => id === operation)
  if (found === undefined) throw new Error(`the contract has no operation ${operation}`)
  return found
}

/** Returns the versions of PostgreSQL and of Bursar. */
export async function versionsOf(world: World): Promise<{ postgres: string; bursar: string }> {
  const postgres = await world.app.db.withClient(async (client) => {
    const { rows } = await client.query<{ server_version: string }>('show server_version')
    return rows[0]?.server_version ?? 'unknown'
  })
  const manifest = await readFile(new URL('../package.json', import.meta.url), 'utf8')
  return { postgres, bursar: (JSON.parse(manifest) as { version: string }).version }
}
