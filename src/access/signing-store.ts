import { column, type Reader, row, sql, type Tx } from '../db/index.ts'
import { instantToWire } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Scope } from '../kernel/scope.ts'
import type { SigningConfig } from './types.ts'

/** All secrets as they are stored, with the ids of their environments, in the order of these. */
export async function listSigning(
  reader: Reader,
): Promise<{ environmentKey: Uuid; id: string; stored: string }[]> {
  const found = await reader.many(
    storedRow,
    sql`
    select s.environment_key, e.id, s.secret
    from signing_secrets s join environments e using (environment_key)
    order by e.id`,
  )
  return found.map(({ environment_key: environmentKey, id, secret: stored }) => ({
    environmentKey,
    id,
    stored,
  }))
}

const storedRow = row({ environment_key: column.uuid, id: column.text, secret: column.text })

/** Puts the sealed form in the place of a secret, unless somebody has renewed it meanwhile. */
export const sealSigning = (
  tx: Tx,
  { environmentKey, stored, sealed }: { environmentKey: Uuid; stored: string; sealed: string },
): Promise<number> =>
  tx.execute(sql`
    update signing_secrets set secret = ${sealed}::text
    where environment_key = ${environmentKey}::uuid and secret = ${stored}::text`)

const signingRow = row({
  secret: column.text,
  is_enforced: column.boolean,
  created_at: column.instant,
})

export async function findSigning(reader: Reader, scope: Scope): Promise<SigningConfig | null> {
  const found = await reader.maybeOne(
    signingRow,
    sql`
    select secret, is_enforced, created_at from signing_secrets
    where environment_key = ${scope.environmentKey}::uuid`,
  )
  return (
    found && { stored: found.secret, isEnforced: found.is_enforced, createdAt: found.created_at }
  )
}

export const saveSigning = (tx: Tx, scope: Scope, signing: SigningConfig): Promise<number> =>
  tx.execute(sql`
    insert into signing_secrets (environment_key, secret, is_enforced, created_at)
    values (${scope.environmentKey}::uuid, ${signing.stored}::text, ${signing.isEnforced}::boolean,
      ${instantToWire(signing.createdAt)}::timestamptz)
    on conflict (environment_key) do update set
      secret = excluded.secret, is_enforced = excluded.is_enforced,
      created_at = excluded.created_at`)
