import type { Config } from './config.ts'
import type { Database } from './db/index.ts'
import type { Clock } from './kernel/clock.ts'
import type { Ids } from './kernel/ids.ts'
import type { Origin } from './kernel/origin.ts'

/** Pino's shape, as far as Bursar uses it. Fields first, then a constant message. */
export type Log = {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** What every command and query receives: the outside world, and nothing of the modules. */
export type App = {
  readonly db: Database
  readonly clock: Clock
  readonly ids: Ids
  readonly log: Log
  readonly config: Config
  /** Where this process's own changes come from: the server's, or a command's. */
  readonly origin: Origin
}
