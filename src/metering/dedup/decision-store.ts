import {
  column,
  type Reader,
  readOfEach,
  row,
  rows,
  rowWriter,
  type Sql,
  sql,
} from '../../db/index.ts'
import type { Clock, Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Scope } from '../../kernel/scope.ts'
import {
  type DedupEntry,
  type DedupQuery,
  dedupColumns,
  knownBy,
  replacingKeys,
} from './dedup-store.ts'

/** The stored decision about a consumption. `answer`, what repetitions get, is stored as JSON. */
export type Decision<Answer> = {
  /** The key of the record or reservation that it made. If it made neither, a key of its own. */
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
  const found = await readOfEach(reader, names, {
    row: row<Decision<Answer>>({
      eventKey: column.uuid,
      occurredAt: column.instant,
      content: column.text,
      answer: column.json<Answer>(),
    }),
    statement: sql`
      select asked.position, known.event_key, known.occurred_at,
        replace(known.content_hash::text, '-', '') as content, known.answer
      from ${knownBy(names, clock)} and known.answer is not null`,
  })
  return found.map(([decision]) => decision ?? null)
}

const insertDecisions = (scope: Scope, decided: readonly DecisionEntry[]): Sql => sql`
  insert into usage_keys (customer_key, key_hash, environment_key, event_key, occurred_at,
    kept_until, content_hash, answer)
  select customer_key, key_hash, ${scope.environmentKey}::uuid, event_key, occurred_at,
    kept_until, content_hash, answer
  from ${rows(decided, {
    ...dedupColumns,
    content_hash: ['uuid', ({ content }) => content],
    answer: ['jsonb', ({ answer }) => JSON.stringify(answer)],
  })} as decided`

type DecisionEntry = DedupEntry & Decision<unknown>

/** Stores decisions under deduplication keys that must be new; fails if a key exists. */
export const addDecisions = rowWriter<Scope, DecisionEntry>(insertDecisions)

/** Stores decisions under their deduplication keys. Replaces expired ones. */
export const saveDecisions = rowWriter<Scope, DecisionEntry>(
  (scope, decided) => sql`
    ${insertDecisions(scope, decided)}
    ${replacingKeys}, content_hash = excluded.content_hash, answer = excluded.answer`,
)
