import { type Sql, sql } from '../../src/db/index.ts'
import type { Scope } from '../../src/kernel/scope.ts'

/** What an environment's outbox holds, oldest first. */
export const announcedBy = (scope: Scope): Sql => sql`
  select type, object_id, payload from outbox
  where environment_key = ${scope.environmentKey}::uuid order by event_key`
