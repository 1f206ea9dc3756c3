import type { Migration } from '../db/index.ts'

/**
 * A backup cannot be made, read or loaded. The message says why and, where possible, what to do.
 */
export class BackupError extends Error {
  override readonly name = 'BackupError'
}

/** A partition, with its bound as PostgreSQL prints it. */
export type BackupPartition = { name: string; bound: string }

/** A table: its columns in the order of the fields of a row, and the number of its rows. */
export type BackupTable = {
  name: string
  columns: string[]
  rows: number
  partitions: BackupPartition[]
}

export type AppliedMigration = Pick<Migration, 'number' | 'name' | 'checksum'>

/** The first line of a backup describes everything that follows. */
export type BackupHeader = {
  /** The version of Bursar that made the backup. */
  bursar: string
  /** ISO-8601, by the clock of the machine that made the backup. */
  madeAt: string
  /** The version of the PostgreSQL that the rows come from. */
  postgres: string
  /** The applied migrations, in order. */
  migrations: AppliedMigration[]
  /** In the order of the file: each table after those that its foreign keys refer to. */
  tables: BackupTable[]
}

/** Must be increased with each change that earlier versions of Bursar would misread. */
const FORMAT_VERSION = 1

const MAGIC = '-- bursar-backup '
const CHECKSUM = '-- sha256 '

/** The second line. `psql` needs it, with which the file can be loaded, too. */
export const ENCODING_LINE = `set client_encoding = 'UTF8';`
/** Ends the rows of a table. A row never equals it, because backslashes in rows are escaped. */
export const END_OF_ROWS = '\\.'

export const headerLine = (header: BackupHeader): string =>
  `${MAGIC}${FORMAT_VERSION} ${JSON.stringify(header)}`

export const copyLine = ({ name, columns }: Pick<BackupTable, 'name' | 'columns'>): string =>
  `copy ${quoted(name)} (${columns.map(quoted).join(', ')}) from stdin;`

export const checksumLine = (sha256: string): string => `${CHECKSUM}${sha256}`

/** Returns the name as a quoted identifier of SQL. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

export const damaged = (how: string): BackupError =>
  new BackupError(`the backup is damaged: ${how}`)
export const noBackup = (): BackupError =>
  new BackupError('the file is not a backup of Bursar, or only the beginning of one')

/** Throws a `BackupError` if the line is not from a backup, or from one with a later format. */
export function headerFromLine(line: string): BackupHeader {
  const [, version, json] = new RegExp(`^${MAGIC}(\\d{1,9}) (.*)$`).exec(line) ?? []
  if (version === undefined || json === undefined) throw noBackup()
  if (Number(version) > FORMAT_VERSION)
    throw new BackupError(
      `the backup has format ${version}, this Bursar reads ${FORMAT_VERSION}: use a newer Bursar`,
    )
  const header = parsed(json)
  if (!isHeader(header)) throw damaged('its first line cannot be read')
  return header
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return null
  }
}

type UnknownRecord = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is UnknownRecord =>
  typeof value === 'object' && value !== null
const isText = (value: unknown): value is string => typeof value === 'string'
const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0
const isListOf = (value: unknown, is: (item: unknown) => boolean): boolean =>
  Array.isArray(value) && value.every(is)

function isHeader(value: unknown): value is BackupHeader {
  if (!isObject(value)) return false
  const { bursar, madeAt, postgres, migrations, tables } = value
  return (
    [bursar, madeAt, postgres].every(isText) &&
    isListOf(migrations, isMigration) &&
    isListOf(tables, isTable)
  )
}

const isMigration = (value: unknown): boolean =>
  isObject(value) && isCount(value.number) && isText(value.name) && isText(value.checksum)

const isTable = (value: unknown): boolean =>
  isObject(value) &&
  isText(value.name) &&
  isListOf(value.columns, isText) &&
  isCount(value.rows) &&
  isListOf(value.partitions, isPartition)

/**
 * Bounds are inserted into a statement, so only these are accepted: a range of plain values, and
 * the default partition.
 */
const VALUE = String.raw`(?:'[^'\\]*'|-?\d+|MINVALUE|MAXVALUE)`
const BOUND = new RegExp(`^(?:DEFAULT|FOR VALUES FROM \\(${VALUE}\\) TO \\(${VALUE}\\))$`)

const isPartition = (value: unknown): boolean =>
  isObject(value) && isText(value.name) && isText(value.bound) && BOUND.test(value.bound)
