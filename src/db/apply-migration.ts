import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from '../kernel/clock.ts'
import { blockersOf } from './blockers.ts'
import type { Connection } from './database.ts'
import { isLockTimeout } from './failures.ts'
import type { Migration } from './migration.ts'
import { type MigrationSession, openSession } from './migration-session.ts'
import type { MigrationWait } from './waiting.ts'

/**
 * How long to wait for one lock, in milliseconds. Other statements on the table queue behind this
 * wait, so it is short. They run during the pause after it.
 */
const LOCK_TIMEOUT_MS = 250
const PAUSE_MS = 2000
/** How long an attempt runs before its blockers are looked up, in milliseconds. */
const LOOK_MS = 100

type MigrationRun = {
  session: MigrationSession
  connection: Connection
  clock: Clock
  waiting: MigrationWait
}

/**
 * Applies one file in one transaction and retries until it gets its locks. The number is written
 * first, so that a second session with the same file fails on the primary key. Throws
 * `MigrationLater` when the locks are not available in time.
 */
export async function applyMigration(migration: Migration, at: MigrationRun): Promise<void> {
  const watcher = createWatcher(at)
  try {
    for (;;) {
      const attempt = applyOnce(migration, at)
      await watcher.look(attempt)
      try {
        return await attempt
      } catch (error) {
        if (!isLockTimeout(error)) throw error
      }
      await at.waiting.pause(`a lock that ${await watcher.blockers()} holds`, PAUSE_MS)
    }
  } finally {
    await watcher.end()
  }
}

async function applyOnce(migration: Migration, { session, clock }: MigrationRun): Promise<void> {
  const { client } = session
  await client.query('begin')
  try {
    await client.query(`set local lock_timeout = '${LOCK_TIMEOUT_MS}ms'`)
    await client.query(
      `insert into schema_migrations (number, name, checksum, breaking, applied_at)
       values ($1, $2, $3, $4, to_timestamp($5::double precision / 1000))`,
      [migration.number, migration.name, migration.checksum, migration.breaking, clock.now()],
    )
    await client.query(migration.sql)
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  }
}

type Watcher = {
  /** Waits for the attempt. If it takes long, looks up which sessions block it. */
  look(attempt: Promise<void>): Promise<void>
  /** Returns the sessions that were last seen to block the migration, as readable text. */
  blockers(): Promise<string>
  end(): Promise<void>
}

/**
 * Uses its own connection, which it opens after the first attempt that was blocked. Errors of the
 * watcher do not stop the migration.
 */
function createWatcher({
  session: { pid },
  connection,
  waiting: { signal },
}: MigrationRun): Watcher {
  let own: MigrationSession | null = null
  let seen: string | null = null
  return {
    look: async (attempt) => {
      const ended = attempt.then(() => true).catch(() => true)
      const late = delay(LOOK_MS, false, { ref: false })
      if ((await Promise.race([ended, late])) || own === null) return
      seen = (await blockersOf(own.client, pid).catch(() => null)) ?? seen
    },
    blockers: async () => {
      own ??= await openSession(connection, { signal }).catch(() => null)
      return seen ?? 'another session'
    },
    end: async () => own?.end(),
  }
}
