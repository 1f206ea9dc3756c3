import { column, databaseClock, type Reader, row, sql, type Tx } from '../db/index.ts'
import { PURGE_STEP_ROWS } from '../jobs/index.ts'
import { type Clock, type Instant, instantToWire } from '../kernel/clock.ts'
import type { Scope } from '../kernel/scope.ts'
import type { Hashes } from './hashes.ts'
import type { Answer } from './types.ts'

export type KeyedScope = { scope: Scope; hashes: Hashes }

/**
 * Claims a request for this transaction. Returns 0 if the request has a stored response. Waits for
 * a transaction that has claimed it. A response older than `keptMs`, by `clock` and by the
 * database's clock, is ignored.
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
 * Returns the stored response to a request that could not be claimed, and whether the content of
 * both requests is the same.
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

/** Stores the response to a claimed request. */
export const storeAnswer = (
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

/** Deletes the oldest responses of an environment up to `expired`. Returns their number. */
export const deleteAnswers = (tx: Tx, scope: Scope, expired: Instant): Promise<number> =>
  tx.execute(sql`
    delete from idempotency_answers where (environment_key, request_hash) in (
      select environment_key, request_hash from idempotency_answers
      where environment_key = ${scope.environmentKey}::uuid
        and created_at <= ${instantToWire(expired)}::timestamptz
      order by created_at limit ${PURGE_STEP_ROWS}::integer for update skip locked)`)
