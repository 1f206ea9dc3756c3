import { column, type Reader, row, rows, sql, type Tx } from '../../db/index.ts'
import type { Clock, Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Scope } from '../../kernel/scope.ts'
import { type DedupKeyOf, type DedupQuery, dedupColumns, knownBy } from './dedup-store.ts'

/** The stored decision about a consumption. `Answer` is stored as JSON. */
export type Decision<Answer> = {
  /** The key of the record or reservation that it made; otherwise its own. */
  eventKey: Uuid
  occurredAt: Instant
  /** The hash of the request, from `contentOfUse`. */
  content: string
  answer: Answer
}

/**
 * Returns the decisions of deduplication keys, in the order of the keys, as `knownBy` finds them.
 * Null where there is none.
 */
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

/** Stores decisions under their deduplication keys. Replaces expired ones. */
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
