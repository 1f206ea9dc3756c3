import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { keyFileOf, secretKeyFileOf } from '../access/index.ts'
import { loadBackup } from '../backup/index.ts'
import type { Config } from '../config.ts'
import { readMigrations } from '../db/index.ts'
import { systemClock } from '../kernel/clock.ts'
import { MIGRATIONS } from '../main.ts'
import { readArguments, takePositionals } from './arguments.ts'
import { checkFile, commandErrorFrom, openFile, withProgress } from './backup.ts'
import { type Command, UsageError } from './command.ts'
import type { Terminal } from './terminal.ts'
import { commandConfig, withDatabase } from './with-app.ts'

export const restoreCommand: Command = {
  summary: 'load a backup into an empty database',
  usage: `Usage: bursar restore <file> [--into <url>]

Loads a file that backup has written into the configured database, which must have no data: that of
a new data directory, or an empty database of PostgreSQL 15 or newer. The file is verified first and
then loaded completely or not at all. A backup of an earlier version is migrated.

The keys work as before. Copy api-key and secret-key from the old data directory, or set
BURSAR_API_KEY and BURSAR_SECRET_KEY.

  --into   the database, in the form of DATABASE_URL (default: the configured one)`,
  run: async (args, terminal) => {
    const { values, positionals } = readArguments(args, { into: { type: 'string' } })
    const [file = ''] = takePositionals(positionals, '<file>')
    const config = configOf(values.into, terminal)
    const header = await checkFile(file, terminal)
    const migrations = await readMigrations(MIGRATIONS)
    const later = await withDatabase(terminal, config, ({ connection }) =>
      withProgress('restored', terminal, (progress) =>
        loadBackup({
          connection,
          migrations,
          clock: systemClock,
          open: () => openFile(file, terminal),
          header,
          progress,
        }),
      ),
    ).catch((error) => {
      throw commandErrorFrom(error, terminal)
    })
    for (const { name, rows } of header.tables) if (rows > 0) terminal.print(`${name}: ${rows}`)
    for (const name of later) terminal.print(`applied ${name}`)
    const from = resolve(terminal.cwd, file)
    terminal.print(`The database is as it was at ${header.madeAt}, restored from ${from}.`)
    adviseOnKeys(config, terminal)
    return 0
  },
}

function configOf(into: string | undefined, terminal: Terminal): Config {
  const config = commandConfig(terminal)
  if (into === undefined) return config
  if (!/^postgres(ql)?:\/\//.test(into))
    throw new UsageError('--into must begin with postgres:// or postgresql://')
  return { ...config, databaseUrl: into }
}

/**
 * Without the API key, a server starts, but there may be no key for it on this machine. Without the
 * sealing key, a server does not start if the database has sealed secrets.
 */
function adviseOnKeys({ apiKey, secretKey, dataDir }: Config, terminal: Terminal): void {
  const advise = (file: string, variable: string) =>
    terminal.note(`Put ${file} of the old data directory into ${dataDir}, or set ${variable}.`)
  if (apiKey === null && !existsSync(keyFileOf(dataDir))) advise('api-key', 'BURSAR_API_KEY')
  if (secretKey === null && !existsSync(secretKeyFileOf(dataDir)))
    advise('secret-key, if it has one,', 'BURSAR_SECRET_KEY')
}
