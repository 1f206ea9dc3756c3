import { column, databaseClock, type Reader, row, sql, type Tx } from '../db/index.ts'
import { type Clock, type Instant, instantToWire } from '../kernel/clock.ts'
import type { Scope } from '../kernel/scope.ts'
import type { Hashes } from './hashes.ts'
import type { Answer } from './types.ts'

export type KeyedScope = { scope: Scope; hashes: Hashes }

/**
 * Takes a request for this transaction; answers 0 when it has been answered. Waits for a
 * transaction that has it. An answer that is older than `keptMs`, by `clock` and by the database's,
 * does not count any more.
 */
export const claim = (
  tx: Tx,
  { scope, hashes }: KeyedScope,
  { clock, keptMs }: { clock: Clock; keptMs: number },
): Promise<number> => {
  const now = sql`${instantToWire(clock.now())}::timestamptz`
  return tx.execute(sql`
    insert into idempotency_answers as known
      (environment_key, request_hash, content_hash, created_at)
    values (${scope.environmentKey}::uuid, ${hashes.request}::bytea, ${hashes.content}::bytea,
      ${now})
    on conflict (environment_key, request_hash) do update
      set content_hash = excluded.content_hash, created_at = excluded.created_at,
        status = null, headers = null, body = null
      where known.created_at
        <= least(${now}, ${databaseClock(clock)}) - ${keptMs}::integer * interval '1 millisecond'`)
}

const answerRow = row<Answer & { isSame: boolean }>({
  isSame: column.boolean,
  status: column.integer,
  headers: column.json<Answer['headers']>(),
  body: column.text,
})

/**
 * The answer to a request that `claim` found answered, and whether that was to the same content.
 */
export const findAnswer = (
  reader: Reader,
  { scope, hashes }: KeyedScope,
): Promise<Answer & { isSame: boolean }> =>
  reader.one(
    answerRow,
    sql`
    select content_hash = ${hashes.content}::bytea as is_same, status, headers, body
    from idempotency_answers
    where environment_key = ${scope.environmentKey}::uuid
      and request_hash = ${hashes.request}::bytea`,
  )

/** Writes down the answer to a request that `claim` took. */
export const keepAnswer = (
  tx: Tx,
  { scope, hashes }: KeyedScope,
  answer: Answer,
): Promise<number> =>
  tx.execute(sql`
    update idempotency_answers
    set status = ${answer.status}::integer, headers = ${JSON.stringify(answer.headers)}::jsonb,
      body = ${answer.body}::text
    where environment_key = ${scope.environmentKey}::uuid
      and request_hash = ${hashes.request}::bytea`)

/** Rows of one statement: well within its time, whatever has piled up. */
export const FORGOTTEN_AT_ONCE = 5000

/** Removes the oldest of an environment's answers up to `expired`; answers how many. */
export const forgetAnswers = (tx: Tx, scope: Scope, expired: Instant): Promise<number> =>
  tx.execute(sql`
    delete from idempotency_answers where (environment_key, request_hash) in (
      select environment_key, request_hash from idempotency_answers
      where environment_key = ${scope.environmentKey}::uuid
        and created_at <= ${instantToWire(expired)}::timestamptz
      order by created_at limit ${FORGOTTEN_AT_ONCE}::integer for update skip locked)`)
