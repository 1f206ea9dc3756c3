import type { Reader, Sql, Tx } from '../db/index.ts'
import { column, pageReader, row, rowFinder, sql } from '../db/index.ts'
import { type Instant, instantOrNullToWire, instantToWire } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { PageRequest } from '../kernel/page.ts'
import type { Scope } from '../kernel/scope.ts'
import { allowedOriginsOf } from './settings-store.ts'
import { type ApiKey, KEY_KINDS, type SigningConfig } from './types.ts'

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
  lastUsedAt: column.nullable(column.instant),
  isSession: column.boolean,
  makesUntil: column.nullable(column.instant),
})

/** The columns of `keyRow`, of the table `k`. */
const keyColumns = sql`k.key_id, k.environment_key, k.name, k.kind, k.origin, k.prefix,
  k.created_at, k.expires_at, k.revoked_at, k.last_used_at, k.is_session, k.makes_until`

const selectKey = sql`select ${keyColumns} from api_keys k`

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
    select ${keyColumns}, s.secret as signing_secret, s.is_enforced,
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
      (key_id, environment_key, name, kind, origin, prefix, secret_hash, created_at, expires_at,
        is_session, makes_until)
    values (${key.keyId}::uuid, ${key.environmentKey}::uuid, ${key.name}::text, ${key.kind}::text,
      ${key.origin}::text, ${key.prefix}::text, ${hash}::bytea,
      ${instantToWire(key.createdAt)}::timestamptz,
      ${instantOrNullToWire(key.expiresAt)}::timestamptz, ${key.isSession}::boolean,
      ${instantOrNullToWire(key.makesUntil)}::timestamptz)
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

/** Returns how many keys of an environment work at `now`, but counts no further than `atMost`. */
export async function countLiveKeys(
  reader: Reader,
  scope: Scope,
  { now, atMost }: { now: Instant; atMost: number },
): Promise<number> {
  const live = sql`select 1 from api_keys k where ${isLiveIn(scope, now)}`
  const { count } = await reader.one(
    row({ count: column.integer }),
    sql`select count(*) as count from (${live} limit ${atMost}::integer) as live`,
  )
  return count
}

/**
 * Returns the key with full access, besides `key`, that will work longest in its environment, of
 * those that work at `now`. Sessions do not count. Null if there is none.
 */
export const findLongestFullAccess = rowFinder(
  keyRow,
  (key: ApiKey, now: Instant) => sql`${selectKey}
      where ${isLiveIn(key, now)} and k.kind = 'full-access' and not k.is_session
        and k.key_id <> ${key.keyId}::uuid
      order by k.expires_at desc nulls first limit 1`,
)

const isLiveIn = ({ environmentKey }: Scope, now: Instant): Sql => sql`
  k.environment_key = ${environmentKey}::uuid and k.revoked_at is null
    and (k.expires_at is null or k.expires_at > ${instantToWire(now)}::timestamptz)`

/** A page of the keys of an environment, newest first. */
export const pageOfKeys = pageReader((scope: Scope, page: PageRequest) => ({
  row: (raw) => {
    const key = keyRow(raw)
    return { ...key, key: key.keyId }
  },
  select: selectKey,
  table: sql`api_keys k`,
  of: sql`k.environment_key = ${scope.environmentKey}::uuid`,
  large: [],
  key: sql`k.key_id`,
  page,
}))

/** Notes the minutes in which keys were used. A minute before the stored one changes nothing. */
export const noteKeyUses = (uses: ReadonlyMap<Uuid, Instant>): Sql => sql`
  update api_keys k set last_used_at = used.at
  from (
    select locked.key_id, given.at
    from (
      select key_id from api_keys where key_id = any(${[...uses.keys()]}::uuid[])
      order by key_id for no key update
    ) as locked join unnest(${[...uses.keys()]}::uuid[],
      ${[...uses.values()].map(instantToWire)}::timestamptz[]) as given (key_id, at)
      using (key_id)
  ) as used
  where k.key_id = used.key_id and (k.last_used_at is null or k.last_used_at < used.at)`
