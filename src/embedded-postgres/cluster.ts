import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Location } from './location.ts'
import { runProgram } from './program.ts'
import { DATABASE, ROLE } from './settings.ts'
import { EmbeddedStartError, explainFailure } from './start-errors.ts'

/** Text is sorted by bytes, as the schema requires. Upper and lower case follow Unicode. */
const INITDB_ARGS = [
  '--encoding=UTF8',
  '--locale=C',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  '--auth=trust',
  `--username=${ROLE}`,
  '--no-instructions',
]

/**
 * Creates a cluster with its database and flushes it to disk. A crash meanwhile leaves only a
 * draft, which the next start removes. Throws an `EmbeddedStartError` if it fails.
 */
export async function createCluster(location: Location, binaries: string): Promise<void> {
  // initdb calls postgres through a shell, in double quotes and without escaping.
  if (/["$`\\\n]/.test(binaries)) {
    throw new EmbeddedStartError([
      `PostgreSQL cannot make a database with its programs in ${binaries},`,
      'since that path contains a quote, a dollar or a backslash: use another directory.',
    ])
  }
  removeDrafts(location)
  const draft = `${location.clusterDir}.draft-${randomBytes(6).toString('hex')}`
  const { user } = location
  try {
    const args = [...INITDB_ARGS, '-D', draft]
    const made = await runProgram(join(binaries, 'bin/initdb'), args, { user })
    if (made.code !== 0) throw explainFailure(made, { ...location, uid: user.uid })
    const single = ['--single', '-D', draft, '-c', 'exit_on_error=on', 'template1']
    const input = `create database ${DATABASE}\n`
    const filled = await runProgram(join(binaries, 'bin/postgres'), single, { user, input })
    if (filled.code !== 0) throw explainFailure(filled, { ...location, uid: user.uid })
    renameSync(draft, location.clusterDir)
    syncDirectory(dirname(location.clusterDir))
  } catch (error) {
    removeDrafts(location)
    throw error
  }
}

/** Throws an `EmbeddedStartError` if the cluster has another major version of PostgreSQL. */
export function checkVersion(location: Location, major: string): void {
  const found = readFileSync(join(location.clusterDir, 'PG_VERSION'), 'utf8').trim()
  if (found === major) return
  throw new EmbeddedStartError([
    `The database in ${location.clusterDir} was made by PostgreSQL ${found},`,
    `and this Bursar brings PostgreSQL ${major}: run the Bursar that made it,`,
    "dump the data with that version's pg_dump, and load it into a new data directory.",
  ])
}

function removeDrafts(location: Location): void {
  const prefix = `${basename(location.clusterDir)}.draft-`
  for (const name of readdirSync(location.home).filter((each) => each.startsWith(prefix))) {
    try {
      rmSync(join(location.home, name), { recursive: true, force: true, maxRetries: 2 })
    } catch {
      // An initdb that survived its server may still be writing. The next start tries again.
    }
  }
}

function syncDirectory(path: string): void {
  const directory = openSync(path, 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}
