import { column, type Reader, row, sql, type Tx } from '../db/index.ts'
import { type Instant, instantToWire } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Scope } from '../kernel/scope.ts'
import { allowedOriginsOf } from './settings-store.ts'
import {
  type ApiKey,
  ENVIRONMENT_TYPES,
  type Environment,
  KEY_KINDS,
  type SigningConfig,
} from './types.ts'

const environmentRow = row<Environment>({
  environmentKey: column.uuid,
  accountId: column.text,
  id: column.text,
  displayName: column.text,
  type: column.oneOf(...ENVIRONMENT_TYPES),
})

const selectEnvironment = sql`
  select e.environment_key, a.id as account_id, e.id, e.display_name, e.type
  from environments e join accounts a using (account_key)`

export const findEnvironment = (reader: Reader, id: string): Promise<Environment | null> =>
  reader.maybeOne(environmentRow, sql`${selectEnvironment} where e.id = ${id}::text`)

/** Environments by their keys, in no particular order. */
export const findEnvironmentsByKey = (
  reader: Reader,
  keys: readonly Uuid[],
): Promise<Environment[]> =>
  reader.many(
    environmentRow,
    sql`${selectEnvironment} where e.environment_key = any(${keys}::uuid[])`,
  )

export const listEnvironments = (reader: Reader): Promise<Environment[]> =>
  reader.many(environmentRow, sql`${selectEnvironment} order by a.id, e.id limit 1000`)

/** Returns 0 if the account exists. */
export const insertAccount = (tx: Tx, account: { key: Uuid; id: string; now: Instant }) =>
  tx.execute(sql`
    insert into accounts (account_key, id, display_name, created_at)
    values (${account.key}::uuid, ${account.id}::text, ${account.id}::text,
      ${instantToWire(account.now)}::timestamptz)
    on conflict (id) do nothing`)

/** Returns 0 if an environment with this id exists. */
export const insertEnvironment = (tx: Tx, environment: Environment, now: Instant) =>
  tx.execute(sql`
    insert into environments (environment_key, account_key, id, display_name, type, created_at)
    select ${environment.environmentKey}::uuid, account_key, ${environment.id}::text,
      ${environment.displayName}::text, ${environment.type}::text,
      ${instantToWire(now)}::timestamptz
    from accounts where id = ${environment.accountId}::text
    on conflict (id) do nothing`)

export const lockEnvironment = (tx: Tx, scope: Scope) =>
  tx.execute(sql`
    select 1 from environments
    where environment_key = ${scope.environmentKey}::uuid for no key update`)

const keyRow = row<ApiKey>({
  keyId: column.uuid,
  environmentKey: column.uuid,
  name: column.text,
  kind: column.oneOf(...KEY_KINDS),
  origin: column.oneOf('configured', 'created'),
  prefix: column.text,
  createdAt: column.instant,
  expiresAt: column.nullable(column.instant),
  revokedAt: column.nullable(column.instant),
})

const selectKey = sql`
  select key_id, environment_key, name, kind, origin, prefix, created_at, expires_at, revoked_at
  from api_keys`

export const findKeyByHash = (reader: Reader, hash: Buffer): Promise<ApiKey | null> =>
  reader.maybeOne(keyRow, sql`${selectKey} where secret_hash = ${hash}::bytea`)

export const findKey = (reader: Reader, keyId: Uuid): Promise<ApiKey | null> =>
  reader.maybeOne(keyRow, sql`${selectKey} where key_id = ${keyId}::uuid`)

const signedKeyRow = row({
  key: column.group(keyRow),
  signing: column.optional(
    'signing_secret',
    row({
      stored: column.from('signing_secret', column.text),
      isEnforced: column.boolean,
    }),
  ),
  allowedOrigins: column.json<string[]>(),
})

/** A key with everything of its environment that is cached with it. */
export type SignedKey = ApiKey & {
  /** How customer tokens are verified. Null without a signing secret. */
  signing: Pick<SigningConfig, 'stored' | 'isEnforced'> | null
  /** Origins from which browsers may write. */
  allowedOrigins: readonly string[]
}

export async function findSignedKey(reader: Reader, hash: Buffer): Promise<SignedKey | null> {
  const found = await reader.maybeOne(
    signedKeyRow,
    sql`
    select k.key_id, k.environment_key, k.name, k.kind, k.origin, k.prefix, k.created_at,
      k.expires_at, k.revoked_at, s.secret as signing_secret, s.is_enforced,
      ${allowedOriginsOf(sql`k.environment_key`)} as allowed_origins
    from api_keys k left join signing_secrets s using (environment_key)
    where k.secret_hash = ${hash}::bytea`,
  )
  if (found === null) return null
  const { key, ...environment } = found
  return { ...key, ...environment }
}

/** Returns the configured key, or null if there is none or it is revoked. */
export const findConfiguredKey = (reader: Reader, scope: Scope): Promise<ApiKey | null> =>
  reader.maybeOne(
    keyRow,
    sql`${selectKey} where environment_key = ${scope.environmentKey}::uuid
      and origin = 'configured' and revoked_at is null`,
  )

/** Locks one key, so that rotations of it run one after the other. */
export const lockKey = (tx: Tx, keyId: Uuid): Promise<ApiKey | null> =>
  tx.maybeOne(keyRow, sql`${selectKey} where key_id = ${keyId}::uuid for update`)

export const listKeys = (reader: Reader, scope: Scope): Promise<ApiKey[]> =>
  reader.many(
    keyRow,
    sql`${selectKey} where environment_key = ${scope.environmentKey}::uuid
      order by key_id limit 1000`,
  )

/** Returns 0 if a key with this secret exists. */
export const insertKey = (tx: Tx, key: ApiKey, hash: Buffer) =>
  tx.execute(sql`
    insert into api_keys
      (key_id, environment_key, name, kind, origin, prefix, secret_hash, created_at, expires_at)
    values (${key.keyId}::uuid, ${key.environmentKey}::uuid, ${key.name}::text, ${key.kind}::text,
      ${key.origin}::text, ${key.prefix}::text, ${hash}::bytea,
      ${instantToWire(key.createdAt)}::timestamptz,
      ${key.expiresAt === null ? null : instantToWire(key.expiresAt)}::timestamptz)
    on conflict (secret_hash) do nothing`)

export const revokeKey = (tx: Tx, keyId: Uuid, now: Instant) =>
  tx.execute(sql`
    update api_keys set revoked_at = ${instantToWire(now)}::timestamptz
    where key_id = ${keyId}::uuid and revoked_at is null`)

/** Makes an earlier configured key the configured key again. */
export const reviveKey = (tx: Tx, keyId: Uuid) =>
  tx.execute(sql`
    update api_keys
    set revoked_at = null, expires_at = null
    where key_id = ${keyId}::uuid`)

/** Sets the expiry of a key to `expiresAt` (exclusive). It is no longer the configured key. */
export const retireKey = (tx: Tx, keyId: Uuid, expiresAt: Instant) =>
  tx.execute(sql`
    update api_keys set expires_at = ${instantToWire(expiresAt)}::timestamptz, origin = 'created'
    where key_id = ${keyId}::uuid`)

/** Notifies all servers when this transaction commits. They clear their cached keys. */
export const notifyKeyChange = (tx: Tx) => tx.execute(sql`select pg_notify('bursar_access', '')`)
