import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from '../kernel/clock.ts'
import { blockersOf } from './blockers.ts'
import type { Connection } from './database.ts'
import { isLockTimeout } from './failures.ts'
import type { Migration } from './migration.ts'
import { type MigrationSession, openSession } from './migration-session.ts'
import type { MigrationWait } from './waiting.ts'

/**
 * Milliseconds to wait for one lock. Whoever asks for a table meanwhile waits behind this wait, so
 * that it is short; the pause after it lets them all go by.
 */
const LOCK_TIMEOUT_MS = 250
const PAUSE_MS = 2000
/** Milliseconds of a wait for a lock before it is asked who holds it. */
const LOOK_MS = 100

type MigrationRun = {
  session: MigrationSession
  connection: Connection
  clock: Clock
  waiting: MigrationWait
}

/**
 * Applies one file in one transaction, again and again until it gets its locks. The number is
 * written first: whoever else tries the same file fails on the primary key.
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
  /** Looks who is waited for, if an attempt takes long. */
  look(attempt: Promise<void>): Promise<void>
  /** Who was waited for when it was last seen, for a person. */
  blockers(): Promise<string>
  end(): Promise<void>
}

/**
 * Looks from a connection of its own, which is made when first there is somebody to be waited for.
 * What it cannot learn stops nothing.
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
