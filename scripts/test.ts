import { spawn } from 'node:child_process'
import { globSync, mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { type Connection, migrate, readMigrations } from '../src/db/index.ts'
import { startEmbedded } from '../src/embedded-postgres/index.ts'
import { systemClock } from '../src/kernel/clock.ts'
import { CONNECTION_VARIABLE } from '../test/support/connection.ts'

/**
 * Runs the tests against one PostgreSQL: the server of `TEST_DATABASE_URL` (in a database of its
 * own, dropped afterwards), else an embedded one that lives for this run. Arguments name test
 * files, or are options of `node --test`.
 */
const PATTERNS = ['src', 'test', 'scripts', 'bench'].map((folder) => `${folder}/**/*.test.ts`)
/** They need a browser, which no package brings: who has one names them. */
const NEEDS_BROWSER = 'test/browser/**'
/** Files at once: each has a pool of ten connections, and the embedded database takes 50. */
const MAX_FILES = 4
const MIGRATIONS = new URL('../migrations/', import.meta.url)
const ROOT = new URL('..', import.meta.url)

const quiet = { info: () => {}, warn: () => {}, error: () => {} }

async function onEmbedded<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
  const dataDir = mkdtempSync(join(tmpdir(), 'bursar-test-'))
  const embedded = await startEmbedded({ dataDir, log: quiet })
  try {
    return await work(embedded.connection)
  } finally {
    await embedded.stop()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

async function onServer<T>(url: string, work: (connection: Connection) => Promise<T>): Promise<T> {
  const name = `bursar_test_${process.pid}`
  const admin = new pg.Client({ connectionString: url })
  await admin.connect()
  await admin.query(`create database ${name}`)
  const own = new URL(url)
  own.pathname = `/${name}`
  try {
    return await work({ connectionString: own.href })
  } finally {
    await admin.query(`drop database ${name} with (force)`)
    await admin.end()
  }
}

async function run(connection: Connection): Promise<number> {
  await migrate(connection, await readMigrations(MIGRATIONS), systemClock)
  const args = process.argv.slice(2)
  const named = args.some((arg) => !arg.startsWith('-'))
  const files = named
    ? []
    : PATTERNS.flatMap((pattern) =>
        globSync(pattern, { cwd: ROOT, exclude: [NEEDS_BROWSER] }),
      ).sort()
  const atOnce = `--test-concurrency=${Math.min(MAX_FILES, availableParallelism())}`
  const options = ['--test', '--test-reporter=spec', atOnce, ...args, ...files]
  const runner = spawn(process.execPath, options, {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, [CONNECTION_VARIABLE]: JSON.stringify(connection) },
  })
  const forward = (signal: NodeJS.Signals) => runner.kill(signal)
  process.on('SIGINT', forward)
  process.on('SIGTERM', forward)
  return new Promise((resolve) => {
    runner.on('exit', (code) => resolve(code ?? 1))
  })
}

const url = process.env.TEST_DATABASE_URL
process.exitCode = await (url ? onServer(url, run) : onEmbedded(run))
