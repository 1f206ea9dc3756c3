import { candidateColumns, NAME_TEXTS, row, type Sql, searchReader, sql } from '../../db/index.ts'
import type { PackageType } from './types.ts'

const candidateRow = row(candidateColumns)
const [ID_TEXT, ...WORDS] = NAME_TEXTS

/** The versions that lists show: each package has one, the published one or its first draft. */
const shownOf = (type: PackageType): Sql => sql`(
  select * from package_versions
  where listed_type = ${type}::text and (published_at is not null or version = 1)) as shown`

/** Makes hits of rows with the key of a package. */
const named = (found: Sql): Sql => sql`
  select p.package_key as key, p.id, v.display_name, p.archived_at is not null as is_archived
  from (${found}) f
    cross join lateral (
      select of.* from packages of where of.package_key = f.package_key limit 1) p
    cross join lateral (
      select of.display_name from package_versions of
      where of.package_key = p.package_key
        and of.version = coalesce(p.latest_version, p.draft_version)
      limit 1) v`

const columns = sql`package_key`

const readersOf = (type: PackageType) => ({
  byId: searchReader({
    ...{ row: candidateRow, columns, completed: named, texts: ID_TEXT ? [ID_TEXT] : [] },
    table: sql`(select * from packages where type = ${type}::text) as packages`,
  }),
  byName: searchReader({
    ...{ row: candidateRow, columns, completed: named, texts: WORDS, table: shownOf(type) },
  }),
})

/** Return plans or add-ons whose id or name has a beginning; of names, some several times. */
export const packagesBeginning = { Plan: readersOf('Plan'), Addon: readersOf('Addon') }
