import { column, type Reader, row, sql, type Tx } from '../db/index.ts'
import { type Instant, instantToWire } from '../kernel/clock.ts'
import type { Actor } from '../kernel/origin.ts'
import type { Scope } from '../kernel/scope.ts'
import { allowedOriginsOf } from './settings-store.ts'
import { SESSION_KINDS, type SignInCode } from './types.ts'

/** Rows that are deleted at once: more than are made meanwhile. */
const PURGE_ROWS = 100

const codeRow = row<SignInCode>({
  codeKey: column.uuid,
  environmentKey: column.uuid,
  kind: column.oneOf(...SESSION_KINDS),
  maker: column.group(
    row<Actor>({
      kind: column.from('maker_kind', column.oneOf('API_KEY', 'USER', 'CLI', 'SYSTEM')),
      id: column.from('maker_id', column.text),
    }),
  ),
  createdAt: column.instant,
  expiresAt: column.instant,
  usedAt: column.nullable(column.instant),
})

const codeColumns = sql`c.code_key, c.environment_key, c.kind, c.maker_kind, c.maker_id,
  c.created_at, c.expires_at, c.used_at`

/** A code, and the origins from which browsers may write to its environment. */
export type OpenedCode = { code: SignInCode; allowedOrigins: readonly string[] }

export const findCode = (reader: Reader, hash: Buffer): Promise<OpenedCode | null> =>
  reader.maybeOne(
    row<OpenedCode>({ code: column.group(codeRow), allowedOrigins: column.json<string[]>() }),
    sql`
    select ${codeColumns}, ${allowedOriginsOf(sql`c.environment_key`)} as allowed_origins
    from sign_in_codes c where c.code_hash = ${hash}::bytea`,
  )

/** Locks a code, so that of two exchanges only one finds it unused. */
export const lockCode = (tx: Tx, hash: Buffer): Promise<SignInCode | null> =>
  tx.maybeOne(
    codeRow,
    sql`
    select ${codeColumns} from sign_in_codes c where c.code_hash = ${hash}::bytea for update`,
  )

export const insertCode = (tx: Tx, code: SignInCode, hash: Buffer) =>
  tx.execute(sql`
    insert into sign_in_codes
      (code_key, environment_key, code_hash, kind, maker_kind, maker_id, created_at, expires_at)
    values (${code.codeKey}::uuid, ${code.environmentKey}::uuid, ${hash}::bytea,
      ${code.kind}::text, ${code.maker.kind}::text, ${code.maker.id}::text,
      ${instantToWire(code.createdAt)}::timestamptz,
      ${instantToWire(code.expiresAt)}::timestamptz)`)

export const useCode = (tx: Tx, { codeKey }: SignInCode, now: Instant) =>
  tx.execute(sql`
    update sign_in_codes set used_at = ${instantToWire(now)}::timestamptz
    where code_key = ${codeKey}::uuid`)

/**
 * Returns how many codes of an environment have not expired, but counts no further than `atMost`.
 */
export async function countLiveCodes(
  reader: Reader,
  { environmentKey }: Scope,
  { now, atMost }: { now: Instant; atMost: number },
): Promise<number> {
  const live = sql`
    select 1 from sign_in_codes
    where environment_key = ${environmentKey}::uuid
      and expires_at > ${instantToWire(now)}::timestamptz`
  const { count } = await reader.one(
    row({ count: column.integer }),
    sql`select count(*) as count from (${live} limit ${atMost}::integer) as live`,
  )
  return count
}

/** Deletes the oldest codes of an environment that expired before an instant. */
export const deleteCodesBefore = (tx: Tx, { environmentKey }: Scope, before: Instant) =>
  tx.execute(sql`
    delete from sign_in_codes where code_key in (
      select code_key from sign_in_codes
      where environment_key = ${environmentKey}::uuid
        and expires_at < ${instantToWire(before)}::timestamptz
      order by expires_at limit ${PURGE_ROWS}::integer)`)
