import assert from 'node:assert/strict'
import { after } from 'node:test'
import pino from 'pino'
import { createEnvironment, createKey, type KeyKind } from '../../src/access/index.ts'
import type { OperationId, Operations } from '../../src/api.gen.ts'
import { readConfig } from '../../src/config.ts'
import type { Connection, Sql } from '../../src/db/index.ts'
import { engine } from '../../src/handlers.ts'
import {
  type Clock,
  frozenClock,
  instantFromWire,
  type MovableClock,
} from '../../src/kernel/clock.ts'
import { type Ids, uuidv7 } from '../../src/kernel/ids.ts'
import { systemOrigin } from '../../src/kernel/origin.ts'
import type { Scope } from '../../src/kernel/scope.ts'
import { type Bursar, createApp, createBursar } from '../../src/main.ts'
import { announcedBy } from './announced.ts'
import { SECRET_KEY, testConnection } from './connection.ts'
import { type Answer, createChecker, type Request, requestOf } from './contract-client.ts'
import { newMigratedDatabase } from './databases.ts'
import { loseStates, stateCacheSettings } from './state-cache.ts'
import { guardVersions } from './version-guard.ts'

export const NOW = '2026-05-18T10:07:42.000Z'
/** An instant of the next month. */
export const LATER = '2026-06-01T00:00:00.000Z'

/**
 * An environment for one test, alone in an account of the same id, and a client that validates
 * every response.
 */
export type Tenant = {
  id: string
  scope: Scope
  key: string
  /** Ids and codes that the server made, by the placeholders that stand for them in requests. */
  made: Map<string, string>
  /** Calls an operation of the API document with this environment's full-access key. */
  call<Id extends OperationId>(id: Id, request?: Request): Promise<Answer<Id>>
  /** Like `call`, but the response must be the success of the operation. Returns the body. */
  ok<Id extends OperationId>(id: Id, request?: Request): Promise<Operations[Id]['response']>
  /** Like `call`, but the response must be this refusal. */
  refused(id: OperationId, request: Request, refusal: ExpectedRefusal): Promise<string>
  /** Returns the published events of this environment, oldest first. */
  announced(): Promise<{ type: string; objectId: string; before: unknown; after: unknown }[]>
  newKey(kind: KeyKind): Promise<string>
  /** Runs a statement on the database, for what no operation can do yet. */
  execute(statement: Sql): Promise<number>
  /** Returns the same environment, called through another server on the same database. */
  through(other: World): Tenant
}

export type ExpectedRefusal = { status: number; code: string | null; message?: RegExp }

export type World = { bursar: Bursar; clock: MovableClock; tenant(): Promise<Tenant> }

const log = pino({ level: 'silent' })
const fresh = uuidv7()

/**
 * Opens a server in this process, on a clock that stands still. It is closed when the test file
 * ends. It uses the database that all test files share, unless `apart` is another one. On the
 * shared database it does no due work, because that would include the due work of other files.
 * Servers with the same `ids` create rows in one order.
 */
export async function openWorld(
  env: Record<string, string> = {},
  options: { apart?: Connection | null; ids?: Ids; clock?: MovableClock } = {},
): Promise<World> {
  const { apart = null, ids = uuidv7(), clock = frozenClock(instantFromWire(NOW)) } = options
  const connection = apart ?? testConnection()
  const fixed = { BURSAR_LOG_LEVEL: 'silent', BURSAR_SECRET_KEY: SECRET_KEY }
  const made = await createApp({
    config: readConfig({ ...fixed, ...stateCacheSettings(), ...env }, process.cwd()),
    connection,
    clock,
    log,
    origin: systemOrigin('test'),
  })
  const bursar = await createBursar({ app: { ...made, ids }, connection, log, clock })
  if (env.BURSAR_STATE_CACHE_MB === undefined) loseStates(engine.memoryOf(bursar.app).customers)
  if (apart === null) await bursar.jobs.stop()
  await bursar.server.ready()
  after(() => bursar.close())
  return { bursar, clock, tenant: () => openTenant(bursar, clock) }
}

/**
 * Opens a world on a database of its own, for tests of due work: a server does the due work of the
 * whole database. `isGuarded`: see `guardVersions`. Tests that write rows themselves cannot use it.
 */
export const openWorldApart = (
  env: Record<string, string> = {},
  { isGuarded = false }: { isGuarded?: boolean } = {},
): Promise<World> => apart(isGuarded, (connection) => openWorld(env, { apart: connection }))

/** Opens two servers on one database of their own and one clock. Neither does due work. */
export const openTwoServers = (env: Record<string, string> = {}): Promise<[World, World]> =>
  apart(true, async (connection) => {
    const first = await openServer(connection, undefined, env)
    return [first, await openServer(connection, first, env)]
  })

/** The same, and a third server, which keeps nothing in memory of customers. */
export const openThreeServers = (): Promise<[World, World, World]> =>
  apart(true, async (connection) => {
    const first = await openServer(connection)
    const second = await openServer(connection, first)
    return [first, second, await openServer(connection, first, { BURSAR_STATE_CACHE_MB: '0' })]
  })

/** A server that does no due work, on the clock of another one. */
async function openServer(
  connection: Connection,
  other?: World,
  env: Record<string, string> = {},
): Promise<World> {
  const world = await openWorld(env, { apart: connection, ...(other && { clock: other.clock }) })
  await world.bursar.jobs.stop()
  return world
}

/** Drops the database when the test file ends, after the servers of `open` are closed. */
async function apart<T>(
  isGuarded: boolean,
  open: (connection: Connection) => Promise<T>,
): Promise<T> {
  const endings: (() => Promise<unknown>)[] = []
  const connection = await newMigratedDatabase({ after: (end) => void endings.push(end) })
  if (isGuarded) await guardVersions(connection)
  const opened = await open(connection)
  after(async () => {
    for (const end of endings) await end()
  })
  return opened
}

/** A request with what the server has made in place of placeholders, in its path and its body. */
export function withMade(made: ReadonlyMap<string, string>, request: Request): Request {
  const filled = (values: object) =>
    Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, made.get(value) ?? value]),
    )
  const { params = {}, body } = request
  const isObject = Object.getPrototypeOf(body ?? '') === Object.prototype
  return {
    ...request,
    params: filled(params),
    ...(isObject ? { body: filled(Object(body)) } : {}),
  }
}

async function openTenant(bursar: Bursar, clock: Clock): Promise<Tenant> {
  const { app } = bursar
  const id = `env-${fresh.next(Date.now())}`
  const environment = await createEnvironment(app, { id, accountId: id })
  const scope = { environmentKey: environment.environmentKey }
  const newKey = async (kind: KeyKind) =>
    (await createKey(app, scope, { kind, name: `${kind} ${clock.now()}` })).secret
  const key = await newKey('full-access')
  return clientOf(bursar, { id, scope, key, made: new Map(), newKey })
}

type Identity = Pick<Tenant, 'id' | 'scope' | 'key' | 'made' | 'newKey'>

function clientOf(bursar: Bursar, identity: Identity): Tenant {
  const { app, server, validators } = bursar
  const { id, scope, key, made, newKey } = identity
  const check = createChecker(validators)
  const call: Tenant['call'] = async (operationId, request = {}) => {
    const injected = requestOf(operationId, { apiKey: key, ...withMade(made, request) })
    return check(operationId, await server.inject(injected))
  }
  return {
    id,
    scope,
    key,
    made,
    call,
    ok: async (operationId, request) => {
      const { status, success, text } = await call(operationId, request)
      assert.ok(success !== null, `${operationId}: ${status} ${text}`)
      return success
    },
    refused: async (operationId, request, expected) => {
      const { status, refusal, text } = await call(operationId, request)
      assert.ok(refusal !== null, `${operationId} was not refused: ${status} ${text}`)
      assert.deepEqual(
        { status, code: refusal.code },
        { status: expected.status, code: expected.code },
        text,
      )
      if (expected.message !== undefined) assert.match(refusal.message, expected.message)
      return refusal.message
    },
    announced: () =>
      app.db.read.many(
        (raw) => ({
          type: raw.type ?? '',
          objectId: raw.object_id ?? '',
          before: JSON.parse(raw.before ?? 'null'),
          after: JSON.parse(raw.after ?? 'null'),
        }),
        announcedBy(scope),
      ),
    newKey,
    execute: (statement) => app.db.transaction((tx) => tx.execute(statement)),
    through: (other) => clientOf(other.bursar, identity),
  }
}
