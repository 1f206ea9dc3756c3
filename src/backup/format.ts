import type { Migration } from '../db/index.ts'

/**
 * A backup that cannot be made, read or loaded. The message says why and, where it can, what to do.
 */
export class BackupError extends Error {
  override readonly name = 'BackupError'
}

/** A part of a table, and which rows are in it, as PostgreSQL says it. */
export type BackupPartition = { name: string; bound: string }

/** One table: its columns in the order of the fields of a row, and how many rows follow. */
export type BackupTable = {
  name: string
  columns: string[]
  rows: number
  partitions: BackupPartition[]
}

export type AppliedMigration = Pick<Migration, 'number' | 'name' | 'checksum'>

/** The first line of a backup: everything that is known before the rows. */
export type BackupHeader = {
  /** The version of the Bursar that made it. */
  bursar: string
  /** ISO-8601, by the clock of the machine that made it. */
  madeAt: string
  /** The version of the PostgreSQL that the rows come from. */
  postgres: string
  /** What made the schema, in order. */
  migrations: AppliedMigration[]
  /** In the order of the file: no table before one that its foreign keys lead to. */
  tables: BackupTable[]
}

/** What a reader of another version could misread needs another number. */
const FORMAT_VERSION = 1

const MAGIC = '-- bursar-backup '
const CHECKSUM = '-- sha256 '

/** The second line, for whoever loads the file with `psql`. */
export const ENCODING_LINE = `set client_encoding = 'UTF8';`
/** Ends the rows of a table. In rows every backslash is doubled or begins an escape. */
export const END_OF_ROWS = '\\.'

export const headerLine = (header: BackupHeader): string =>
  `${MAGIC}${FORMAT_VERSION} ${JSON.stringify(header)}`

export const copyLine = ({ name, columns }: Pick<BackupTable, 'name' | 'columns'>): string =>
  `copy ${quoted(name)} (${columns.map(quoted).join(', ')}) from stdin;`

export const checksumLine = (sha256: string): string => `${CHECKSUM}${sha256}`

/** A name as PostgreSQL reads it back, whatever is in it. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

export const damaged = (how: string): BackupError =>
  new BackupError(`the backup is damaged: ${how}`)
export const noBackup = (): BackupError =>
  new BackupError('the file is no backup of Bursar, or only the beginning of one')

/** Throws a `BackupError` for what is no backup, and for one of a later format. */
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

type Loose = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Loose => typeof value === 'object' && value !== null
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

/** Bounds become part of a statement: a range of plain values, or all that is in no other. */
const VALUE = String.raw`(?:'[^'\\]*'|-?\d+|MINVALUE|MAXVALUE)`
const BOUND = new RegExp(`^(?:DEFAULT|FOR VALUES FROM \\(${VALUE}\\) TO \\(${VALUE}\\))$`)

const isPartition = (value: unknown): boolean =>
  isObject(value) && isText(value.name) && isText(value.bound) && BOUND.test(value.bound)
