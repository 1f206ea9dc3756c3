import type { App } from '../app.ts'
import type { Tx } from '../db/index.ts'
import type { EventType } from '../events/index.ts'
import { assert } from '../kernel/assert.ts'
import { badInput, notFound } from '../kernel/errors.ts'
import { inBody, inPath } from '../kernel/field.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Scope } from '../kernel/scope.ts'
import type { Call } from '../operation.ts'
import { authorityFor } from './authority.ts'
import { isLive, refuseBeyond, refuseLast } from './key-rules.ts'
import * as store from './key-store.ts'
import { publishChange } from './publish-change.ts'
import { hashOf, newSecret, prefixOf } from './secret.ts'
import { lockEnvironment, notifyKeyChange } from './store.ts'
import type { ApiKey, KeyWithSecret, NewKey } from './types.ts'
import { apiKeyToWire } from './wire.ts'

/** The most keys of an environment that work at the same time. */
const LIVE_KEYS = 1000
/** PostgreSQL writes later years in another form. */
const LATEST = Date.UTC(9000, 0)

/** Creates a key for an operator. Only the returned value contains the secret. */
export const createKey = (app: App, scope: Scope, input: NewKey): Promise<KeyWithSecret> =>
  app.db.transaction((tx) => addKey(tx, app, { scope, ...input }))

/**
 * Creates a key for a caller. Without `expiresAt` it gets the latest expiry that the caller may
 * give. 400 for an expiry that has passed, and if the environment has 1,000 live keys; 403 if the
 * key would get more than the caller has.
 */
export const createKeyAs = (call: Call, input: NewKey): Promise<KeyWithSecret> =>
  call.app.db.transaction(async (tx) => {
    const { scope } = call
    const now = call.app.clock.now()
    await lockEnvironment(tx, scope)
    const authority = await authorityFor(tx, call, 'apiKeys:write')
    const { expiresAt = authority.makesUntil } = input
    if (expiresAt !== null && !(now < expiresAt && expiresAt < LATEST))
      throw badInput(
        inBody('expiresAt'),
        'expiresAt must be in the future, and before the year 9000',
      )
    refuseBeyond(authority, { kind: input.kind, expiresAt })
    if ((await store.countLiveKeys(tx, scope, { now, atMost: LIVE_KEYS })) === LIVE_KEYS)
      throw badInput(null, `the environment already has ${LIVE_KEYS} live keys; revoke some first`)
    return addKey(tx, appOf(call), { scope, ...input, expiresAt })
  })

/** Ends a key at once and for ever. 404 `ApiKeyNotFound` if there is no such live key. */
export const revokeKey = (app: App, keyId: Uuid): Promise<void> =>
  app.db.transaction(async (tx) => {
    await endKey(tx, app, await lockUnrevoked(tx, keyId))
  })

/**
 * Like `revokeKey`, for a caller. 400 `InvalidArgumentError` for the configured key; 400
 * `IntegrityViolation` for the last full-access key. Returns the key.
 */
export const revokeKeyAs = (call: Call, keyId: Uuid): Promise<ApiKey> =>
  call.app.db.transaction(async (tx) => {
    const { scope } = call
    // Otherwise two keys could be revoked at the same time, each because the other one stays.
    await lockEnvironment(tx, scope)
    await authorityFor(tx, call, 'apiKeys:write')
    const key = await lockUnrevoked(tx, keyId, scope)
    refuseConfigured(key)
    const now = call.app.clock.now()
    if (isLive(key, now)) refuseLast(key, await store.findLongestFullAccess(tx, key, now))
    return endKey(tx, appOf(call), key)
  })

/**
 * Creates a successor of a key. The old secret works for another `graceMs`. 404 `ApiKeyNotFound`,
 * 400 `ApiKeyExpired` for an expired key, 400 `ApiKeyHasExpiry` for one that already has an expiry.
 * The successor of the configured key is the configured key.
 */
export const rotateKey = (app: App, keyId: Uuid, graceMs: number): Promise<KeyWithSecret> =>
  app.db.transaction(async (tx) =>
    replaceKey(tx, app, await lockRotatable(tx, app, keyId), graceMs),
  )

/**
 * Like `rotateKey`, for a caller. 403 if the key has more than the caller; 400
 * `InvalidArgumentError` for the configured key.
 */
export const rotateKeyAs = (call: Call, keyId: Uuid, graceMs: number): Promise<KeyWithSecret> =>
  call.app.db.transaction(async (tx) => {
    await lockEnvironment(tx, call.scope)
    const authority = await authorityFor(tx, call, 'apiKeys:write')
    const key = await lockRotatable(tx, call.app, keyId, call.scope)
    refuseConfigured(key)
    refuseBeyond(authority, { kind: key.kind, expiresAt: null })
    return replaceKey(tx, appOf(call), key, graceMs)
  })

/** The application with the origin of a call. Changes are published with this origin. */
const appOf = ({ app, origin }: Call): App => ({ ...app, origin })

/** Only the machine that has the secret of the configured key can take it out of use for good. */
function refuseConfigured({ keyId, origin }: ApiKey): void {
  if (origin === 'configured')
    throw badInput(
      inPath('keyId'),
      `key ${keyId} is configured by BURSAR_API_KEY or the key file of the server: rotate or ` +
        'revoke it there, with bursar key',
      'InvalidArgumentError',
    )
}

const isOf = (key: ApiKey, scope: Scope | undefined): boolean =>
  scope === undefined || key.environmentKey === scope.environmentKey

async function lockUnrevoked(tx: Tx, keyId: Uuid, scope?: Scope): Promise<ApiKey> {
  const key = await store.lockKey(tx, keyId)
  if (key !== null && isOf(key, scope) && key.revokedAt === null) return key
  throw notFound(inPath('keyId'), 'ApiKeyNotFound', `key ${keyId} not found or already revoked`)
}

async function lockRotatable(tx: Tx, app: App, keyId: Uuid, scope?: Scope): Promise<ApiKey> {
  const key = await store.lockKey(tx, keyId)
  if (key === null || !isOf(key, scope))
    throw notFound(inPath('keyId'), 'ApiKeyNotFound', `key ${keyId} not found`)
  if (!isLive(key, app.clock.now()))
    throw badInput(inPath('keyId'), `key ${keyId} is expired or revoked`, 'ApiKeyExpired')
  if (key.expiresAt !== null)
    throw badInput(inPath('keyId'), `key ${keyId} already has an expiry`, 'ApiKeyHasExpiry')
  return key
}

/** Adds a key with a new secret. Publishes `api_key.created`. */
export async function addKey(tx: Tx, app: App, input: KeyParts): Promise<KeyWithSecret> {
  const key = keyFrom(app, input)
  const inserted = await store.insertKey(tx, key, hashOf(key.secret))
  assert(inserted === 1, 'a fresh random secret was taken')
  await publishKeyEvent(tx, app, { type: 'api_key.created', before: null, after: key })
  return key
}

async function replaceKey(tx: Tx, app: App, old: ApiKey, graceMs: number): Promise<KeyWithSecret> {
  const { kind, name, origin } = old
  const scope = { environmentKey: old.environmentKey }
  const key = keyFrom(app, { scope, kind, name, origin })
  await store.retireKey(tx, old.keyId, app.clock.now() + graceMs)
  await store.insertKey(tx, key, hashOf(key.secret))
  await publishKeyEvent(tx, app, { type: 'api_key.rotated', before: old, after: key })
  await notifyKeyChange(tx)
  return key
}

async function endKey(tx: Tx, app: App, key: ApiKey): Promise<ApiKey> {
  const after = { ...key, revokedAt: app.clock.now() }
  await store.revokeKey(tx, key.keyId, after.revokedAt)
  await publishKeyEvent(tx, app, { type: 'api_key.revoked', before: key, after })
  await notifyKeyChange(tx)
  return after
}

/**
 * Makes `secret` the configured key of the environment. The previous configured key ends at once. A
 * secret that was configured earlier becomes valid again, because the operator asked for it. 400 if
 * the secret belongs to a key of another environment, to a key without full access, or to a key
 * that was revoked or has expired.
 */
export const configureKey = (app: App, scope: Scope, secret: string): Promise<void> =>
  app.db.transaction(async (tx) => {
    // Otherwise servers that start together would both find no key, and both insert one.
    await lockEnvironment(tx, scope)
    const now = app.clock.now()
    const hash = hashOf(secret)
    const found = await store.findKeyByHash(tx, hash)
    if (found !== null) refuseUnfit(found, scope)
    const configured = await store.findConfiguredKey(tx, scope)
    if (found !== null && (found.origin === 'created' || found.keyId === configured?.keyId)) {
      if (isLive(found, now)) return
      throw badInput(null, 'the configured key is expired or revoked; configure another one')
    }
    if (configured !== null) await endKey(tx, app, configured)
    const fresh = { kind: 'full-access', name: 'configured', origin: 'configured', secret } as const
    const key = found ?? keyFrom(app, { scope, ...fresh })
    await (found === null ? store.insertKey(tx, key, hash) : store.reviveKey(tx, found.keyId))
    await publishKeyEvent(tx, app, { type: 'api_key.created', before: found, after: key })
    await notifyKeyChange(tx)
  })

/** A key that was issued with few permissions must not get all of them. */
function refuseUnfit(key: ApiKey, scope: Scope): void {
  if (key.environmentKey !== scope.environmentKey)
    throw badInput(null, 'the configured key belongs to another environment')
  if (key.kind !== 'full-access')
    throw badInput(null, `the configured key is a ${key.kind} key; configure one with full access`)
}

const publishKeyEvent = (
  tx: Tx,
  app: App,
  { type, before, after }: { type: EventType; before: ApiKey | null; after: ApiKey },
) =>
  publishChange(tx, app, after, {
    type,
    objectId: after.keyId,
    before: before && apiKeyToWire(before),
    after: apiKeyToWire(after),
  })

/** What determines a key. Without a secret it gets a new one. */
export type KeyParts = NewKey & {
  scope: Scope
  secret?: string
} & Partial<Pick<ApiKey, 'origin' | 'isSession' | 'makesUntil'>>

function keyFrom(app: App, input: KeyParts): KeyWithSecret {
  const now = app.clock.now()
  const secret = input.secret ?? newSecret(input.kind)
  return {
    keyId: app.ids.next(now),
    environmentKey: input.scope.environmentKey,
    name: input.name,
    kind: input.kind,
    origin: input.origin ?? 'created',
    prefix: prefixOf(secret),
    createdAt: now,
    expiresAt: input.expiresAt ?? null,
    revokedAt: null,
    lastUsedAt: null,
    isSession: input.isSession ?? false,
    makesUntil: input.makesUntil ?? null,
    secret,
  }
}
