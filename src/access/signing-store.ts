import { column, type Reader, row, sql, type Tx } from '../db/index.ts'
import { instantToWire } from '../kernel/clock.ts'
import type { Scope } from '../kernel/scope.ts'
import type { Signing } from './types.ts'

const signingRow = row({
  secret: column.text,
  is_enforced: column.boolean,
  created_at: column.instant,
})

export async function findSigning(reader: Reader, scope: Scope): Promise<Signing | null> {
  const found = await reader.maybeOne(
    signingRow,
    sql`
    select secret, is_enforced, created_at from signing_secrets
    where environment_key = ${scope.environmentKey}::uuid`,
  )
  return (
    found && { secret: found.secret, isEnforced: found.is_enforced, createdAt: found.created_at }
  )
}

export const saveSigning = (tx: Tx, scope: Scope, signing: Signing): Promise<number> =>
  tx.execute(sql`
    insert into signing_secrets (environment_key, secret, is_enforced, created_at)
    values (${scope.environmentKey}::uuid, ${signing.secret}::text, ${signing.isEnforced}::boolean,
      ${instantToWire(signing.createdAt)}::timestamptz)
    on conflict (environment_key) do update set
      secret = excluded.secret, is_enforced = excluded.is_enforced,
      created_at = excluded.created_at`)
