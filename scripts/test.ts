import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { type Connection, migrate, readMigrations } from '../src/db/index.ts'
import { startEmbedded } from '../src/embedded-postgres/index.ts'
import { systemClock } from '../src/kernel/clock.ts'
import {
  CONNECTION_VARIABLE,
  MIGRATED_VARIABLE,
  TEMPLATE_VARIABLE,
} from '../test/support/connection.ts'
import { argumentsOf } from './groups/groups.ts'

// Runs the tests against one PostgreSQL: the server of `TEST_DATABASE_URL` (in a database of its
// own, dropped afterwards), else an embedded one that lives for this run. Arguments name test
// files, or are options of `node --test`. Without names, and for patterns, a process runs many
// files: see groups/.

const FOLDERS = ['src', 'test', 'scripts', 'bench', 'console/src']
const PATTERNS = FOLDERS.map((folder) => `${folder}/**/*.test.ts`)
/** They need a browser, which no package brings: who has one names them. */
const NEEDS_BROWSER = 'test/browser/**'
/** How long a process may take, in milliseconds. It is then killed. */
const TIMEOUT_MS = 60 * 60_000
/** Processes at once: each has a pool of ten connections, and the embedded database takes 50. */
const MAX_PROCESSES = 4
/** Files in memory, on Linux. */
const IN_MEMORY = '/dev/shm'
/** What the temporary files of a run take at most, in bytes, with a margin. */
const TEMPORARY_BYTES = 4 * 2 ** 30
const MIGRATIONS = new URL('../migrations/', import.meta.url)
const ROOT = fileURLToPath(new URL('..', import.meta.url))

const quiet = { info: () => {}, warn: () => {}, error: () => {} }

/**
 * A directory for the temporary files of this run, databases included. It is in memory where there
 * is room: syncing a file to a disk can take milliseconds, and nothing here has to survive a
 * loss of power.
 */
function temporaryDir(): string {
  const path = mkdtempSync(join(hasRoom(IN_MEMORY) ? IN_MEMORY : tmpdir(), 'bursar-test-'))
  // For root the databases run as another user, who must be able to pass.
  chmodSync(path, 0o755)
  return path
}

function hasRoom(path: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(path)
    return bavail * bsize >= TEMPORARY_BYTES
  } catch {
    return false
  }
}

type Database = { connection: Connection; template: string | null }

/** The database that tests copy, in a PostgreSQL with the database of this run. */
const MIGRATED = `bursar_migrated_${process.pid}`

/** `initdb` takes seconds: once per run, for the tests that start servers of their own too. */
async function onEmbedded<T>(work: (database: Database) => Promise<T>): Promise<T> {
  const [template, dataDir] = [join(temporary, 'template'), join(temporary, 'data')]
  const first = await startEmbedded({ dataDir: template, log: quiet })
  await migrateIt(first.connection).finally(first.stop)
  const copied = spawnSync('cp', ['-a', template, dataDir])
  if (copied.status !== 0) throw new Error(String(copied.stderr))
  const embedded = await startEmbedded({ dataDir, log: quiet })
  try {
    const admin = new pg.Client({ ...embedded.connection, database: 'postgres' })
    await admin.connect()
    // Every test that copies a database would compress all of its pages.
    await admin.query('alter system set wal_compression = off')
    await admin.query('select pg_reload_conf()')
    await admin.query(`create database ${MIGRATED} template ${embedded.connection.database}`)
    await admin.end()
    return await work({ connection: embedded.connection, template })
  } finally {
    await embedded.stop()
  }
}

const migrateIt = async (connection: Connection) =>
  migrate(connection, await readMigrations(MIGRATIONS), systemClock)

async function onServer<T>(url: string, work: (database: Database) => Promise<T>): Promise<T> {
  const name = `bursar_test_${process.pid}`
  const admin = new pg.Client({ connectionString: url })
  await admin.connect()
  await admin.query(`create database ${name}`)
  const own = new URL(url)
  own.pathname = `/${name}`
  try {
    const connection = { connectionString: own.href }
    await migrateIt(connection)
    await admin.query(`create database ${MIGRATED} template ${name}`)
    return await work({ connection, template: null })
  } finally {
    await admin.query(`drop database if exists ${MIGRATED} with (force)`)
    await admin.query(`drop database ${name} with (force)`)
    await admin.end()
  }
}

async function run({ connection, template }: Database): Promise<number> {
  const atOnce = `--test-concurrency=${Math.min(MAX_PROCESSES, availableParallelism() + 1)}`
  const places = { root: ROOT, patterns: PATTERNS, exclude: [NEEDS_BROWSER], folder: temporary }
  const options = [
    '--test',
    `--test-reporter=${new URL('groups/reporter.ts', import.meta.url).href}`,
    `--test-timeout=${TIMEOUT_MS}`,
    atOnce,
    ...argumentsOf(process.argv.slice(2), places),
  ]
  const runner = spawn(process.execPath, options, {
    cwd: ROOT,
    stdio: 'inherit',
    env: {
      ...process.env,
      TMPDIR: temporary,
      [CONNECTION_VARIABLE]: JSON.stringify(connection),
      [MIGRATED_VARIABLE]: MIGRATED,
      ...(template !== null && { [TEMPLATE_VARIABLE]: template }),
    },
  })
  const forward = (signal: NodeJS.Signals) => runner.kill(signal)
  process.on('SIGINT', forward)
  process.on('SIGTERM', forward)
  return new Promise((resolve) => {
    runner.on('exit', (code) => resolve(code ?? 1))
  })
}

const temporary = temporaryDir()
const url = process.env.TEST_DATABASE_URL
try {
  process.exitCode = await (url ? onServer(url, run) : onEmbedded(run))
} finally {
  rmSync(temporary, { recursive: true, force: true })
}
