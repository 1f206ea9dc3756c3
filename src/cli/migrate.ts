import { migrate, readMigrations } from '../db/index.ts'
import { systemClock } from '../kernel/clock.ts'
import { MIGRATIONS } from '../main.ts'
import { readArguments, takePositionals } from './arguments.ts'
import type { Command } from './command.ts'
import { commandConfig, withDatabase } from './with-app.ts'

export const migrateCommand: Command = {
  summary: 'bring the schema of the database up to date',
  usage: `Usage: bursar migrate

Applies the missing migrations, each in its own transaction, and prints their names. A server does
the same when it starts. If you have several servers, migrate before you start the first server of
the new version.

A migration waits at most 250 ms for a table lock, because other statements wait behind it, and then
tries again. Every ten seconds it reports what blocks it. After BURSAR_MIGRATION_WAIT_SECONDS
(default: 300) it gives up and exits with 75: try again later.`,
  run: async (args, terminal) => {
    takePositionals(readArguments(args, {}).positionals)
    const migrations = await readMigrations(MIGRATIONS)
    const config = commandConfig(terminal)
    const migrated = await withDatabase(terminal, config, ({ connection }) =>
      migrate(connection, migrations, systemClock, {
        patienceMs: config.migrationWaitSeconds * 1000,
        onWait: terminal.note,
      }),
    )
    for (const warning of migrated.warnings) terminal.note(warning)
    for (const name of migrated.applied) terminal.print(`applied ${name}`)
    terminal.print(`The schema is at migration ${migrated.current}.`)
    return 0
  },
}
