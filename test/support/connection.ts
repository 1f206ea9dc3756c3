import type { Connection } from '../../src/db/index.ts'

/** How `npm test` tells each test file which database is there for it. */
export const CONNECTION_VARIABLE = 'BURSAR_TEST_CONNECTION'

/** The database of this run. A test that cannot have one fails. */
export function testConnection(): Connection {
  const text = process.env[CONNECTION_VARIABLE]
  if (text === undefined) throw new Error('run the tests with npm test: they need a PostgreSQL')
  return JSON.parse(text) as Connection
}

/** What secrets in the database of a run are sealed with, by whoever works on it. */
export const SECRET_KEY = 'the-secret-key-of-the-tests'
