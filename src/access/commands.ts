import type { App } from '../app.ts'
import type { Tx } from '../db/index.ts'
import { type EventType, publish, scheduleOutboxPurge } from '../events/index.ts'
import { assert, required } from '../kernel/assert.ts'
import { type Instant, instantToWire } from '../kernel/clock.ts'
import { badInput, duplicated, notFound } from '../kernel/errors.ts'
import { inBody } from '../kernel/field.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Scope } from '../kernel/scope.ts'
import { hashOf, newSecret, prefixOf } from './secret.ts'
import * as store from './store.ts'
import type { ApiKey, Environment, EnvironmentType, KeyKind } from './types.ts'

/** A new key with its secret. The secret is known only now. */
export type KeyWithSecret = ApiKey & { secret: string }

const DEFAULT_ID = 'default'
const ID_FORM = /^[a-zA-Z0-9][a-zA-Z0-9_|.-]{0,254}$/

export type NewEnvironment = {
  accountId?: string
  id: string
  displayName?: string
  type?: EnvironmentType
}

/** Creates an environment, and its account if necessary. 409 if the id is taken. */
export async function createEnvironment(app: App, input: NewEnvironment): Promise<Environment> {
  for (const id of [input.id, input.accountId ?? DEFAULT_ID])
    if (!ID_FORM.test(id)) throw badInput(null, `${JSON.stringify(id)} is not a valid id`)
  const environment = await ensureEnvironment(app, input)
  if (!environment.made) throw duplicated(inBody('id'), `environment ${input.id} already exists`)
  return environment
}

/** Returns the environment of a new installation, and creates it if necessary. */
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
      await publishChange(tx, app, environment, {
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

/** Creates a key. Only the returned value contains the secret. */
export const createKey = (app: App, scope: Scope, input: NewKey): Promise<KeyWithSecret> => {
  const key = keyFrom(app, scope, { ...input, origin: 'created', secret: newSecret(input.kind) })
  return app.db.transaction(async (tx) => {
    const inserted = await store.insertKey(tx, key, hashOf(key.secret))
    assert(inserted === 1, 'a fresh random secret was taken')
    await publishKeyEvent(tx, app, { type: 'api_key.created', before: null, after: key })
    return key
  })
}

/** Ends a key at once and for ever. 404 `ApiKeyNotFound` if there is no such live key. */
export const revokeKey = (app: App, keyId: Uuid): Promise<void> =>
  app.db.transaction(async (tx) => {
    const now = app.clock.now()
    const key = await store.lockKey(tx, keyId)
    if (key === null || key.revokedAt !== null)
      throw notFound(null, 'ApiKeyNotFound', `key ${keyId} not found or already revoked`)
    await revoke(tx, app, key, now)
  })

/**
 * Creates a successor of a key. The old secret works for another `graceMs`. 404 `ApiKeyNotFound`,
 * 400 `ApiKeyExpired` for an expired key, 400 `ApiKeyHasExpiry` for one that already has an expiry.
 * The successor of the configured key is the configured key.
 */
export const rotateKey = (app: App, keyId: Uuid, graceMs: number): Promise<KeyWithSecret> =>
  app.db.transaction(async (tx) => {
    const now = app.clock.now()
    const old = await store.lockKey(tx, keyId)
    if (old === null) throw notFound(null, 'ApiKeyNotFound', `key ${keyId} not found`)
    if (!isLive(old, now))
      throw badInput(null, `key ${keyId} is expired or revoked`, 'ApiKeyExpired')
    if (old.expiresAt !== null)
      throw badInput(null, `key ${keyId} already has an expiry`, 'ApiKeyHasExpiry')
    const scope = { environmentKey: old.environmentKey }
    const { kind, name, origin } = old
    const key = keyFrom(app, scope, { kind, name, origin, secret: newSecret(kind) })
    await store.retireKey(tx, keyId, now + graceMs)
    await store.insertKey(tx, key, hashOf(key.secret))
    await publishKeyEvent(tx, app, { type: 'api_key.rotated', before: old, after: key })
    await store.notifyKeyChange(tx)
    return key
  })

/**
 * Makes `secret` the configured key of the environment. The previous configured key ends at once. A
 * key that was the configured key when it was revoked becomes valid again, because the operator
 * asked for it. 400 if the secret belongs to a key of another environment, to a key without full
 * access, or to any other key that is revoked or has expired.
 */
export const configureKey = (app: App, scope: Scope, secret: string): Promise<void> =>
  app.db.transaction(async (tx) => {
    // Otherwise servers that start together would both find no key, and both insert one.
    await store.lockEnvironment(tx, scope)
    const now = app.clock.now()
    const hash = hashOf(secret)
    const found = await store.findKeyByHash(tx, hash)
    if (found !== null) refuseUnfit(found, scope)
    const configured = await store.findConfiguredKey(tx, scope)
    if (found !== null && (found.origin === 'created' || found.keyId === configured?.keyId)) {
      if (isLive(found, now)) return
      throw badInput(null, 'the configured key is expired or revoked; configure another one')
    }
    if (configured !== null) await revoke(tx, app, configured, now)
    const fresh = { kind: 'full-access', name: 'configured', origin: 'configured', secret } as const
    const key = found ?? keyFrom(app, scope, fresh)
    await (found === null ? store.insertKey(tx, key, hash) : store.reviveKey(tx, found.keyId))
    await publishKeyEvent(tx, app, { type: 'api_key.created', before: found, after: key })
    await store.notifyKeyChange(tx)
  })

/** A key that was issued with few permissions must not get all of them. */
function refuseUnfit(key: ApiKey, scope: Scope): void {
  if (key.environmentKey !== scope.environmentKey)
    throw badInput(null, 'the configured key belongs to another environment')
  if (key.kind !== 'full-access')
    throw badInput(null, `the configured key is a ${key.kind} key; configure one with full access`)
}

async function revoke(tx: Tx, app: App, key: ApiKey, now: Instant): Promise<void> {
  await store.revokeKey(tx, key.keyId, now)
  const after = { ...key, revokedAt: now }
  await publishKeyEvent(tx, app, { type: 'api_key.revoked', before: key, after })
  await store.notifyKeyChange(tx)
}

/** Everything about a key except its secret. */
const keyWithoutSecret = (key: ApiKey) => ({
  id: key.keyId,
  name: key.name,
  kind: key.kind,
  prefix: key.prefix,
  expiresAt: key.expiresAt === null ? null : instantToWire(key.expiresAt),
  revokedAt: key.revokedAt === null ? null : instantToWire(key.revokedAt),
})

const publishKeyEvent = (
  tx: Tx,
  app: App,
  change: { type: EventType; before: ApiKey | null; after: ApiKey },
) =>
  publishChange(tx, app, change.after, {
    type: change.type,
    objectId: change.after.keyId,
    before: change.before && keyWithoutSecret(change.before),
    after: keyWithoutSecret(change.after),
  })

type Change = { type: EventType; objectId: string; before: object | null; after: object | null }

const publishChange = (tx: Tx, app: App, scope: Scope, change: Change) =>
  publish(tx, { app, scope, now: app.clock.now(), origin: app.origin }, [
    { ...change, customerKey: null },
  ])

/** Returns whether a key is valid at `now`. */
export const isLive = (key: ApiKey, now: Instant): boolean =>
  key.revokedAt === null && (key.expiresAt === null || now < key.expiresAt)

type KeyParts = NewKey & Pick<KeyWithSecret, 'origin' | 'secret'>

function keyFrom(app: App, scope: Scope, input: KeyParts): KeyWithSecret {
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
