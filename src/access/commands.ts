import type { App } from '../app.ts'
import type { Tx } from '../db/index.ts'
import { type EventType, publish, scheduleOutboxPurge } from '../events/index.ts'
import { assert, required } from '../kernel/assert.ts'
import { type Instant, instantToWire } from '../kernel/clock.ts'
import { badInput, duplicated, notFound } from '../kernel/errors.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Scope } from '../kernel/scope.ts'
import { hashOf, newSecret, prefixOf } from './secret.ts'
import * as store from './store.ts'
import type { ApiKey, Environment, EnvironmentType, KeyKind } from './types.ts'

/** A key with its secret: the only moment at which the secret is known. */
export type MadeKey = ApiKey & { secret: string }

export const DEFAULT_ID = 'default'
const ID_FORM = /^[a-zA-Z0-9][a-zA-Z0-9_|.-]{0,254}$/

export type NewEnvironment = {
  accountId?: string
  id: string
  displayName?: string
  type?: EnvironmentType
}

/** Makes an environment with its own account if need be. 409 when the id is taken. */
export async function createEnvironment(app: App, input: NewEnvironment): Promise<Environment> {
  for (const id of [input.id, input.accountId ?? DEFAULT_ID])
    if (!ID_FORM.test(id)) throw badInput(`${JSON.stringify(id)} is not an id`)
  const environment = await ensureEnvironment(app, input)
  if (!environment.made) throw duplicated(`an environment with the id ${input.id} exists already`)
  return environment
}

/** The environment that a fresh installation starts with. */
export const ensureDefaultEnvironment = (app: App): Promise<Environment> =>
  ensureEnvironment(app, { id: DEFAULT_ID, displayName: 'Default', type: 'PRODUCTION' })

async function ensureEnvironment(
  app: App,
  input: NewEnvironment,
): Promise<Environment & { made: boolean }> {
  const now = app.clock.now()
  const environment: Environment = {
    environmentKey: app.ids.next(now),
    accountId: input.accountId ?? DEFAULT_ID,
    id: input.id,
    displayName: input.displayName ?? input.id,
    type: input.type ?? 'DEVELOPMENT',
  }
  return app.db.transaction(async (tx) => {
    await store.insertAccount(tx, { key: app.ids.next(now), id: environment.accountId, now })
    if ((await store.insertEnvironment(tx, environment, now)) === 1) {
      await scheduleOutboxPurge(tx, app, environment)
      await announceChange(tx, app, environment, {
        type: 'environment.created',
        objectId: environment.id,
        before: null,
        after: { id: environment.id, accountId: environment.accountId, type: environment.type },
      })
      return { ...environment, made: true }
    }
    const found = required(await store.findEnvironment(tx, input.id), 'an environment just seen')
    return { ...found, made: false }
  })
}

export type NewKey = { kind: KeyKind; name: string; expiresAt?: Instant }

/** Makes a key. The secret is in the answer and nowhere else. */
export const createKey = (app: App, scope: Scope, input: NewKey): Promise<MadeKey> => {
  const key = keyFrom(app, scope, { ...input, origin: 'created', secret: newSecret(input.kind) })
  return app.db.transaction(async (tx) => {
    const inserted = await store.insertKey(tx, key, hashOf(key.secret))
    assert(inserted === 1, 'a fresh random secret was taken')
    await announceKey(tx, app, { type: 'api_key.created', before: null, after: key })
    return key
  })
}

/** Ends a key at once, for good. 404 `ApiKeyNotFound` when there is no such key that lives. */
export const revokeKey = (app: App, keyId: Uuid): Promise<void> =>
  app.db.transaction(async (tx) => {
    const now = app.clock.now()
    const key = await store.lockKey(tx, keyId)
    if (key === null || key.revokedAt !== null)
      throw notFound('ApiKeyNotFound', `key ${keyId} not found, or revoked already`)
    await revoke(tx, app, key, now)
  })

/**
 * Makes a new secret for a key; the old one works for `graceMs` more. 404 `ApiKeyNotFound`, 400
 * `ApiKeyExpired` for a dead key, 400 `ApiKeyHasExpiry` for one that is already being replaced. The
 * successor of the configured key is the configured key.
 */
export const rotateKey = (app: App, keyId: Uuid, graceMs: number): Promise<MadeKey> =>
  app.db.transaction(async (tx) => {
    const now = app.clock.now()
    const old = await store.lockKey(tx, keyId)
    if (old === null) throw notFound('ApiKeyNotFound', `key ${keyId} not found`)
    if (!isLive(old, now)) throw badInput(`the key ${keyId} has ended`, 'ApiKeyExpired')
    if (old.expiresAt !== null)
      throw badInput(`the key ${keyId} is about to end`, 'ApiKeyHasExpiry')
    const scope = { environmentKey: old.environmentKey }
    const { kind, name, origin } = old
    const key = keyFrom(app, scope, { kind, name, origin, secret: newSecret(kind) })
    await store.retireKey(tx, keyId, now + graceMs)
    await store.insertKey(tx, key, hashOf(key.secret))
    await announceKey(tx, app, { type: 'api_key.rotated', before: old, after: key })
    await store.announceKeyChange(tx)
    return key
  })

/**
 * Makes `secret` the configured key of the environment; the one configured before ends at once.
 * Naming a secret that was configured earlier revives it: the operator asked for it. Refused (400)
 * when the secret is a key of another environment, of less than full access, or one that has ended.
 */
export const configureKey = (app: App, scope: Scope, secret: string): Promise<void> =>
  app.db.transaction(async (tx) => {
    // Servers that start together would otherwise both see no key and both insert one.
    await store.lockEnvironment(tx, scope)
    const now = app.clock.now()
    const hash = hashOf(secret)
    const found = await store.findKeyByHash(tx, hash)
    if (found !== null) refuseUnfit(found, scope)
    const configured = await store.findConfiguredKey(tx, scope)
    if (found !== null && (found.origin === 'created' || found.keyId === configured?.keyId)) {
      if (isLive(found, now)) return
      throw badInput('the configured key is one that has ended: name another')
    }
    if (configured !== null) await revoke(tx, app, configured, now)
    const fresh = { kind: 'full-access', name: 'configured', origin: 'configured', secret } as const
    const key = found ?? keyFrom(app, scope, fresh)
    await (found === null ? store.insertKey(tx, key, hash) : store.reviveKey(tx, found.keyId))
    await announceKey(tx, app, { type: 'api_key.created', before: found, after: key })
    await store.announceKeyChange(tx)
  })

/** A key that was given away for less must not become the one that may do everything. */
function refuseUnfit(key: ApiKey, scope: Scope): void {
  if (key.environmentKey !== scope.environmentKey)
    throw badInput('the configured key is a key of another environment')
  if (key.kind !== 'full-access')
    throw badInput(`the configured key is a ${key.kind} key: name one of full access`)
}

async function revoke(tx: Tx, app: App, key: ApiKey, now: Instant): Promise<void> {
  await store.revokeKey(tx, key.keyId, now)
  const after = { ...key, revokedAt: now }
  await announceKey(tx, app, { type: 'api_key.revoked', before: key, after })
  await store.announceKeyChange(tx)
}

/** What may be known of a key: all but its secret. */
const keyToShow = (key: ApiKey) => ({
  id: key.keyId,
  name: key.name,
  kind: key.kind,
  prefix: key.prefix,
  expiresAt: key.expiresAt === null ? null : instantToWire(key.expiresAt),
  revokedAt: key.revokedAt === null ? null : instantToWire(key.revokedAt),
})

const announceKey = (
  tx: Tx,
  app: App,
  change: { type: EventType; before: ApiKey | null; after: ApiKey },
) =>
  announceChange(tx, app, change.after, {
    type: change.type,
    objectId: change.after.keyId,
    before: change.before && keyToShow(change.before),
    after: keyToShow(change.after),
  })

type Change = { type: EventType; objectId: string; before: object | null; after: object | null }

const announceChange = (tx: Tx, app: App, scope: Scope, change: Change) =>
  publish(tx, { app, scope, now: app.clock.now(), origin: app.origin }, [
    { ...change, customerKey: null },
  ])

/** Whether a key opens anything at `now`. */
export const isLive = (key: ApiKey, now: Instant): boolean =>
  key.revokedAt === null && (key.expiresAt === null || now < key.expiresAt)

type KeyParts = NewKey & Pick<MadeKey, 'origin' | 'secret'>

function keyFrom(app: App, scope: Scope, input: KeyParts): MadeKey {
  const now = app.clock.now()
  return {
    keyId: app.ids.next(now),
    environmentKey: scope.environmentKey,
    name: input.name,
    kind: input.kind,
    origin: input.origin,
    prefix: prefixOf(input.secret),
    createdAt: now,
    expiresAt: input.expiresAt ?? null,
    revokedAt: null,
    secret: input.secret,
  }
}
