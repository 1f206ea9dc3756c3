import type { App } from '../app.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import { noteKeyUses } from './key-store.ts'

const MINUTE_MS = 60_000
/** How often uses are stored, in milliseconds. */
const WRITE_EVERY_MS = 30_000
/** The most keys whose uses are in memory. The use of another key is not stored. */
const KEYS = 10_000

/** Knows when keys were last used, to the minute, and stores it in the background. */
export type KeyUses = {
  note(keyId: Uuid, now: Instant): void
  /** Writes what was noted since the last time. Never throws. */
  write(): Promise<void>
  /** Writes regularly. Returns a function that ends this, and writes once more. */
  start(): () => Promise<void>
}

export function followKeyUses(app: App): KeyUses {
  let written = new Map<Uuid, Instant>()
  let noted = new Map<Uuid, Instant>()

  const write = async () => {
    const uses = noted
    if (uses.size === 0) return
    noted = new Map()
    // A key that is used in each minute is written once a minute.
    written = uses
    // A use that is lost with the connection is followed by others.
    const isDurable = async () => true
    await app.db.write(noteKeyUses(uses), { isDurable }).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error)
      app.log.warn({ reason }, 'the last uses of API keys could not be written')
    })
  }

  return {
    note: (keyId, now) => {
      const minute = now - (now % MINUTE_MS)
      if (noted.get(keyId) === minute || written.get(keyId) === minute) return
      if (noted.size < KEYS || noted.has(keyId)) noted.set(keyId, minute)
    },
    write,
    start: () => {
      const timer = setInterval(() => void write(), WRITE_EVERY_MS).unref()
      return () => {
        clearInterval(timer)
        return write()
      }
    },
  }
}
