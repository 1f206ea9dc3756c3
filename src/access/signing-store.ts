import { column, type Reader, row, sql, type Tx } from '../db/index.ts'
import { instantToWire } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Scope } from '../kernel/scope.ts'
import type { SigningConfig } from './types.ts'

const storedRow = row({
  environmentKey: column.uuid,
  id: column.text,
  stored: column.from('secret', column.text),
})

/** All secrets as they are stored, with the ids of their environments, in the order of these. */
export const listSigning = (
  reader: Reader,
): Promise<{ environmentKey: Uuid; id: string; stored: string }[]> =>
  reader.many(
    storedRow,
    sql`
    select s.environment_key, e.id, s.secret
    from signing_secrets s join environments e using (environment_key)
    order by e.id`,
  )

/** Replaces a plain secret with its sealed form, unless it was renewed meanwhile. */
export const sealSigning = (
  tx: Tx,
  { environmentKey, stored, sealed }: { environmentKey: Uuid; stored: string; sealed: string },
): Promise<number> =>
  tx.execute(sql`
    update signing_secrets set secret = ${sealed}::text
    where environment_key = ${environmentKey}::uuid and secret = ${stored}::text`)

const signingRow = row<SigningConfig>({
  stored: column.from('secret', column.text),
  isEnforced: column.boolean,
  createdAt: column.instant,
})

export const findSigning = (reader: Reader, scope: Scope): Promise<SigningConfig | null> =>
  reader.maybeOne(
    signingRow,
    sql`
    select secret, is_enforced, created_at from signing_secrets
    where environment_key = ${scope.environmentKey}::uuid`,
  )

export const saveSigning = (tx: Tx, scope: Scope, signing: SigningConfig): Promise<number> =>
  tx.execute(sql`
    insert into signing_secrets (environment_key, secret, is_enforced, created_at)
    values (${scope.environmentKey}::uuid, ${signing.stored}::text, ${signing.isEnforced}::boolean,
      ${instantToWire(signing.createdAt)}::timestamptz)
    on conflict (environment_key) do update set
      secret = excluded.secret, is_enforced = excluded.is_enforced,
      created_at = excluded.created_at`)
