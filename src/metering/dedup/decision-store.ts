import { column, type Reader, row, rows, sql, type Tx } from '../../db/index.ts'
import type { Clock, Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Scope } from '../../kernel/scope.ts'
import { type DedupKeyOf, type DedupQuery, dedupColumns, knownBy } from './dedup-store.ts'

/** What was decided about a use when it was first asked for. `Answer` is kept as JSON. */
export type Decision<Answer> = {
  /** Of the record or the reservation that it made; else its own. */
  eventKey: Uuid
  occurredAt: Instant
  /** What was asked for, by `contentOfUse`. */
  content: string
  answer: Answer
}

/** The decisions that names stand for, as of `knownBy`, in the order of the names; else null. */
export async function findDecisions<Answer>(
  reader: Reader,
  clock: Clock,
  names: readonly DedupQuery[],
): Promise<(Decision<Answer> | null)[]> {
  if (names.length === 0) return []
  const found = await reader.many(
    row({
      position: column.integer,
      eventKey: column.uuid,
      occurredAt: column.instant,
      contentHash: column.text,
      answer: column.json<Answer>(),
    }),
    sql`
    select asked.position, known.event_key, known.occurred_at,
      replace(known.content_hash::text, '-', '') as content_hash, known.answer
    from ${knownBy(names, clock)} and known.answer is not null`,
  )
  const decided: (Decision<Answer> | null)[] = names.map(() => null)
  for (const { position, eventKey, occurredAt, contentHash, answer } of found)
    decided[position - 1] = {
      eventKey,
      occurredAt,
      content: contentHash,
      answer,
    }
  return decided
}

/** Keeps decisions under their names. One that is no longer remembered goes over. */
export async function saveDecisions<Answer>(
  tx: Tx,
  scope: Scope,
  decided: readonly (DedupKeyOf & Decision<Answer> & { keptUntil: Instant })[],
): Promise<void> {
  if (decided.length === 0) return
  await tx.execute(sql`
    insert into usage_keys (customer_key, key_hash, environment_key, event_key, occurred_at,
      kept_until, content_hash, answer)
    select customer_key, key_hash, ${scope.environmentKey}::uuid, event_key, occurred_at,
      kept_until, content_hash, answer
    from ${rows(decided, {
      ...dedupColumns,
      content_hash: ['uuid', ({ content }) => content],
      answer: ['jsonb', ({ answer }) => JSON.stringify(answer)],
    })} as decided
    on conflict (customer_key, key_hash) do update set
      event_key = excluded.event_key, occurred_at = excluded.occurred_at,
      kept_until = excluded.kept_until, content_hash = excluded.content_hash,
      answer = excluded.answer`)
}
