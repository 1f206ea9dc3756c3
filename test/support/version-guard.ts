import type { Connection } from '../../src/db/index.ts'
import { query } from './databases.ts'

/**
 * Adds triggers to the database of a test. At COMMIT, they fail a transaction that changes the
 * usage of a customer but not its usage version, or its structure but not its structure version.
 * A change of anything else that responses show must raise the sequence. The update that raises it
 * renews the usage version, too.
 * Purging needs no new version, because the windows of purged rows closed long ago.
 */
export const guardVersions = (connection: Connection) => query(connection, GUARD)

const GUARD = `
  create function note_versions() returns trigger language plpgsql as $$
  begin
    perform set_config('bursar_guard.usage',
      coalesce(current_setting('bursar_guard.usage', true), '') || new.customer_key, true);
    if tg_op = 'INSERT' or new.structure_version <> old.structure_version then
      perform set_config('bursar_guard.structure',
        coalesce(current_setting('bursar_guard.structure', true), '') || new.customer_key, true);
    end if;
    return null;
  end $$;
  create trigger note_versions after insert or update on customer_heads
    for each row execute function note_versions();

  create function require_version() returns trigger language plpgsql as $$
  declare
    changed uuid := case when tg_op = 'DELETE' then old.customer_key else new.customer_key end;
    noted text := current_setting('bursar_guard.' || tg_argv[0], true);
  begin
    if strpos(coalesce(noted, ''), changed::text) = 0 then
      raise exception '% of % needs another % version of the customer',
        tg_op, tg_table_name, tg_argv[0];
    end if;
    return null;
  end $$;
  ${[
    ['usage_totals', 'usage', 'insert or update', ''],
    ['budget_counters', 'usage', 'insert or update of usage, held', ''],
    ['reservations', 'usage', 'insert', ''],
    ['reservations', 'usage', 'update', "when (old.status = 'open')"],
    ['reservations', 'usage', 'delete', "when (old.status = 'open')"],
    ['assignments', 'structure', 'insert or update or delete', ''],
    ['promotional_entitlements', 'structure', 'insert or update or delete', ''],
    ['subscription_revisions', 'usage', 'insert or update or delete', ''],
    [
      ...['entities', 'structure', 'update'],
      `when ((old.parent_key, old.archived_at) is distinct from (new.parent_key, new.archived_at))`,
    ],
    ['entities', 'usage', 'insert or update', ''],
    ['customers', 'usage', 'insert or update', ''],
    ['customer_integrations', 'usage', 'insert or update or delete', ''],
  ]
    .map(
      ([table, half, events, condition], index) => `
  create constraint trigger require_version_${index} after ${events} on ${table}
    deferrable initially deferred for each row ${condition}
    execute function require_version('${half}');`,
    )
    .join('')}`
