export { createAnalyseGrown } from './analyse-grown.ts'
export {
  type Connection,
  clientConfig,
  type Database,
  openDatabase,
  type Reader,
  type Tx,
} from './database.ts'
export * as column from './decode.ts'
export { type Row, row } from './decode.ts'
export { createEpochs, type Epoch, type Epochs, perEpoch } from './epochs.ts'
export { isDangling, isLockTimeout, isRetryable, isUnreachable } from './failures.ts'
export { type Listener, listen } from './listen.ts'
export { databaseClock, type Look } from './look.ts'
export { migrate, readMigrations } from './migrate.ts'
export { type Migration, MigrationError } from './migration.ts'
export { hasRow, PAGE_BYTES, pageRange, readPage } from './page.ts'
export { renewedKey } from './renewed-key.ts'
export { numberedRows, type RowColumns, rows, rowsOfAnyNumber } from './rows.ts'
export { milliseconds, nothing, type Sql, sql } from './sql.ts'
export { readTogether } from './together.ts'
export { MigrationLater, type WaitBudget } from './waiting.ts'
export { within } from './within.ts'
