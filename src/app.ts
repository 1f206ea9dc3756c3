import type { Config } from './config.ts'
import type { Database } from './db/index.ts'
import type { Clock } from './kernel/clock.ts'
import type { Ids } from './kernel/ids.ts'
import type { Origin } from './kernel/origin.ts'

/** The part of Pino's interface that modules use. The message is constant; `fields` has values. */
export type Log = {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** What every command and query receives. It contains nothing that belongs to a module. */
export type App = {
  readonly db: Database
  readonly clock: Clock
  readonly ids: Ids
  readonly log: Log
  readonly config: Config
  /** The author of changes that no request makes: the server, or a CLI command. */
  readonly origin: Origin
}
