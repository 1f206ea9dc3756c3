import type { Connection } from '../../src/db/index.ts'

/** In this variable, `npm test` passes the connection to the database of the run. */
export const CONNECTION_VARIABLE = 'BURSAR_TEST_CONNECTION'

/** Returns the connection to the database of this run. A test without a database fails. */
export function testConnection(): Connection {
  const text = process.env[CONNECTION_VARIABLE]
  if (text === undefined) throw new Error('run the tests with npm test: they need a PostgreSQL')
  return JSON.parse(text) as Connection
}

/** In this variable, `npm test` passes the path of a data directory that was started before. */
export const TEMPLATE_VARIABLE = 'BURSAR_TEST_TEMPLATE'

/** Returns the data directory to copy. Null with `TEST_DATABASE_URL`: then there is none. */
export const templateDataDir = (): string | null => process.env[TEMPLATE_VARIABLE] ?? null

/** In this variable, `npm test` passes the name of a database with all migrations and no data. */
export const MIGRATED_VARIABLE = 'BURSAR_TEST_MIGRATED'

/** The sealing key of all servers and commands on the database of the run. */
export const SECRET_KEY = 'the-secret-key-of-the-tests'
