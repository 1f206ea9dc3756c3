export { createAnalyseGrown } from './analyse-grown.ts'
export {
  BEGINNING_LENGTH,
  candidateColumns,
  NAME_TEXTS,
  nameReader,
  type SearchText,
  searchReader,
  textOfEmail,
  textsOf,
} from './beginnings.ts'
export { type Connection, clientConfig, type HeavyReads, openDatabase } from './database.ts'
export * as column from './decode.ts'
export { type RawRow, type Row, row } from './decode.ts'
export { createEpochs, type Epoch, type Epochs, perEpoch } from './epochs.ts'
export {
  isDangling,
  isDuplicate,
  isLockTimeout,
  isRetryable,
  isStaleState,
  isUnreachable,
} from './failures.ts'
export { readIdentity } from './identity.ts'
export { type Listener, listen } from './listen.ts'
export { databaseClock, type Look } from './look.ts'
export { migrate, readMigrations } from './migrate.ts'
export { type Migration, MigrationError } from './migration.ts'
export { hasRow, PAGE_BYTES, pageRange, pageReader, rowExists } from './page.ts'
export { readOfEach } from './read-of-each.ts'
export { readValue } from './read-value.ts'
export { renewedKey } from './renewed-key.ts'
export { rowFinder, rowReader } from './row-reader.ts'
export { rowWriter } from './row-writer.ts'
export { columnsOf, numberedRows, type RowColumns, rows, rowsOfAnyNumber } from './rows.ts'
export { rowsWithIds } from './rows-with-ids.ts'
export { milliseconds, nothing, type Sql, sql } from './sql.ts'
export { togetherReader } from './together.ts'
export type { Database, Reader, Tx } from './types.ts'
export { MigrationLater } from './waiting.ts'
export { within } from './within.ts'
