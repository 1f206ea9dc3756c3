import { type Sql, sql } from '../../src/db/index.ts'
import type { Scope } from '../../src/kernel/scope.ts'

/**
 * A statement: the events of an environment, oldest first, without those that its preparation
 * publishes (the environment, API keys, integrations).
 */
export const announcedBy = (scope: Scope): Sql => sql`
  select type, object_id, before, after from outbox
  where environment_key = ${scope.environmentKey}::uuid
    and type not in ('environment.created', 'integration.created') and type not like 'api_key.%'
  order by event_key`
