import type { Connection } from '../../src/db/index.ts'

/** How `npm test` tells each test file which database is there for it. */
export const CONNECTION_VARIABLE = 'BURSAR_TEST_CONNECTION'

/** The database of this run. A test that cannot have one fails. */
export function testConnection(): Connection {
  const text = process.env[CONNECTION_VARIABLE]
  if (text === undefined) throw new Error('run the tests with npm test: they need a PostgreSQL')
  return JSON.parse(text) as Connection
}

/** How `npm test` tells where a data directory is that has been started before. */
export const TEMPLATE_VARIABLE = 'BURSAR_TEST_TEMPLATE'

/** The data directory to copy; null on the server of `TEST_DATABASE_URL`, where nobody made one. */
export const templateDataDir = (): string | null => process.env[TEMPLATE_VARIABLE] ?? null

/** What secrets in the database of a run are sealed with, by whoever works on it. */
export const SECRET_KEY = 'the-secret-key-of-the-tests'
