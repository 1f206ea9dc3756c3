import type { Config } from '../../config.ts'
import { type Connection, column, type Reader, row, sql } from '../../db/index.ts'
import { EmbeddedStartError, readStateFile } from '../../embedded-postgres/index.ts'
import { connectionFailure } from '../database-failure.ts'
import { maskUrl } from '../mask.ts'
import { readSchemaState, type SchemaState, withReader } from '../schema-state.ts'
import type { Terminal } from '../terminal.ts'
import { withConfiguredDatabase } from '../with-app.ts'
import { lookAtClock } from './clock.ts'
import { lookAtConnections, lookAtWriting } from './connections.ts'
import { formatBytes } from './data-directory.ts'
import { type Finding, findingsOf } from './finding.ts'
import { lookAtStoredSecrets } from './stored-secrets.ts'

const { ok, warning, broken } = findingsOf('Database')

/**
 * Examines the database. Starts the embedded one if no server runs, but does not create a new one.
 */
export async function lookAtDatabase(
  terminal: Terminal,
  config: Config,
  running: Connection | null,
): Promise<Finding[]> {
  const place =
    config.databaseUrl === null
      ? { name: 'embedded', value: config.dataDir }
      : { name: 'DATABASE_URL', value: maskUrl(config.databaseUrl) }
  try {
    const isNew = running === null && readStateFile(config.dataDir)?.isComplete !== true
    if (config.databaseUrl === null && isNew)
      return [ok('embedded', 'none yet: the first start makes it')]
    const look = (reader: Reader) => inspect(reader, config)
    const findings =
      running !== null && config.databaseUrl === null
        ? await withReader(running, look)
        : await withConfiguredDatabase(terminal, { ...config, logLevel: 'error' }, (connection) =>
            withReader(connection, look),
          )
    return [ok(place.name, place.value), ...findings]
  } catch (error) {
    return [broken(place, sentenceOf(error))]
  }
}

function sentenceOf(error: unknown): string {
  if (error instanceof EmbeddedStartError) return error.message
  const failure = connectionFailure(error)
  if (failure !== null) return `it cannot be reached: ${failure}`
  return error instanceof Error ? error.message : String(error)
}

const factsRow = row({
  version: column.text,
  size: column.integer,
  directory: column.nullable(column.text),
})

/** Only a privileged role may read `data_directory`. The role of the embedded database may. */
const facts = sql`
  select current_setting('server_version') as version,
    pg_database_size(current_database()) as size,
    case when pg_has_role('pg_read_all_settings', 'usage')
      then current_setting('data_directory') end as directory`

async function inspect(reader: Reader, config: Config): Promise<Finding[]> {
  const { version, size, directory } = await reader.one(factsRow, facts)
  const schema = await readSchemaState(reader)
  const isCurrent = schema.applied.length > 0 && schema.pending.length === 0
  return [
    ok('PostgreSQL', version),
    await lookAtWriting(reader),
    await lookAtConnections(reader, config.databasePoolSize),
    ...(directory === null ? [] : [ok('files', directory)]),
    ok('size', formatBytes(size)),
    ...lookAtSchema(schema),
    // With another schema, the tables may be different.
    ...(isCurrent ? [await lookAtStoredSecrets(reader, config)] : []),
    ...(isCurrent ? await lookAtClock(reader, config) : []),
  ]
}

function lookAtSchema(state: SchemaState): Finding[] {
  const { applied, pending, newer, changed } = state
  const value = `${applied.length} applied, ${pending.length} pending, ${newer.length} newer`
  const found = { name: 'migrations', value }
  const problems: Finding[] = []
  if (changed.length > 0)
    problems.push(broken(found, `changed since they were applied: ${changed.join(', ')}`))
  if (newer.length > 0)
    problems.push(warning(found, `a newer Bursar has applied ${newer.join(', ')}: start that one`))
  if (pending.length > 0)
    problems.push(
      warning(
        found,
        `pending: ${pending.join(', ')}; bursar migrate or the next start applies them`,
      ),
    )
  return problems.length > 0 ? problems : [ok(found.name, found.value)]
}
