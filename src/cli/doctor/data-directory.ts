import { accessSync, constants, existsSync, type Stats, statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { keyFileOf, secretKeyFileOf } from '../../access/index.ts'
import type { Config } from '../../config.ts'
import { type Finding, findingsOf } from './finding.ts'

/** With less free space, a burst of writes or an upgrade may fill the disk. */
const LOW_DISK_BYTES = 1_000_000_000
/** A data directory of root may let the database's group traverse it (0710), but nothing else. */
const FOREIGN_BITS = 0o067
const KEY_FILE_BITS = 0o077

const { ok, warning, broken } = findingsOf('Data directory')

/** Examines the directory, its disk and its key files. Creates nothing. */
export function lookAtDataDirectory(config: Config): Finding[] {
  const { dataDir } = config
  const stats = statOrNull(dataDir)
  if (stats === null) {
    const why = config.databaseUrl === null ? 'the first start makes it' : 'DATABASE_URL is used'
    return [ok('path', `${dataDir} (not there: ${why})`), lookAtDisk(nearest(dataDir))]
  }
  return [lookAtDirectory(dataDir, stats), ...lookAtKeyFiles(config), lookAtDisk(dataDir)]
}

function lookAtDirectory(path: string, stats: Stats): Finding {
  const value = `${path} (${modeOf(stats)}, user ${stats.uid})`
  if (!stats.isDirectory()) return broken({ name: 'path', value }, 'it is not a directory')
  try {
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch {
    const advice = `user ${process.geteuid?.()} may not read and write it: run as its owner`
    return broken({ name: 'path', value }, advice)
  }
  if ((stats.mode & FOREIGN_BITS) !== 0)
    return warning({ name: 'path', value }, `other users can read it: chmod g-rw,o-rwx ${path}`)
  return ok('path', value)
}

const lookAtKeyFiles = ({ dataDir }: Config): Finding[] => [
  lookAtKeyFile('key file', keyFileOf(dataDir), { what: 'a full-access key', remedy: 'rotate it' }),
  lookAtKeyFile('secret key', secretKeyFileOf(dataDir), {
    what: 'the key that encrypts secrets',
    remedy: 'renew the signing secrets',
  }),
]

function lookAtKeyFile(
  name: string,
  file: string,
  { what, remedy }: { what: string; remedy: string },
): Finding {
  const stats = statOrNull(file)
  if (stats === null) return ok(name, 'none')
  const found = { name, value: `${file} (${modeOf(stats)}, user ${stats.uid})` }
  if ((stats.mode & KEY_FILE_BITS) !== 0)
    return broken(found, `others can read ${what}: chmod 600 ${file}, then ${remedy}`)
  return ok(found.name, found.value)
}

function lookAtDisk(path: string): Finding {
  const { bavail, bsize } = statfsSync(path)
  const free = bavail * bsize
  const found = { name: 'free space', value: `${formatBytes(free)} on the disk of ${path}` }
  return free < LOW_DISK_BYTES
    ? warning(found, `less than ${formatBytes(LOW_DISK_BYTES)}: the database stops on a full disk`)
    : ok(found.name, found.value)
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3))
  const scaled = bytes / 1000 ** power
  return `${power === 0 ? scaled : scaled.toFixed(1)} ${units[power]}`
}

const modeOf = (stats: Stats): string => `0${(stats.mode & 0o777).toString(8)}`

const nearest = (path: string): string => (existsSync(path) ? path : nearest(dirname(path)))

function statOrNull(path: string): Stats | null {
  try {
    return statSync(path)
  } catch {
    return null
  }
}
