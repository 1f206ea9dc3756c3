import type { Uuid } from '../kernel/ids.ts'
import * as column from './decode.ts'
import { row } from './decode.ts'
import { sql } from './sql.ts'
import type { Reader } from './types.ts'

/** Tells a database from others. Copies that PostgreSQL makes have the same identity. */
type DatabaseIdentity = {
  databaseId: Uuid
  /** Signs what clients bring back. 32 bytes. */
  signingKey: Buffer
}

const identityRow = row<DatabaseIdentity>({ databaseId: column.uuid, signingKey: column.bytes })

/** Returns the identity that a migration has given to the database. */
export const readIdentity = (reader: Reader): Promise<DatabaseIdentity> =>
  reader.one(identityRow, sql`select database_id, signing_key from database_identity`)
