import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Place } from './server-process.ts'

const PRELOAD = new URL('./shifted-clock.ts', import.meta.url).href

/**
 * Returns a function that sets the clock of one server wrong, and the `settings` with which that
 * server must be started.
 */
export function openClock(place: Place, name: string) {
  const file = join(place.dataDir, '..', name)
  const set = (offsetMs: number) => {
    writeFileSync(`${file}.new`, String(offsetMs))
    renameSync(`${file}.new`, file)
  }
  set(0)
  return { set, settings: { NODE_OPTIONS: `--import ${PRELOAD}`, TEST_CLOCK_FILE: file } }
}
