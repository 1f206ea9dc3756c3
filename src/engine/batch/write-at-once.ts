import { unknownDimensionsOf } from '../../access/index.ts'
import { areThresholds } from '../../budgets/index.ts'
import { catalogVersionOf } from '../../catalog/index.ts'
import {
  type ExpectedVersion,
  environmentVersionOf,
  existingResources,
  renewExpected,
} from '../../customers/index.ts'
import { nothing, type Sql, sql, type Tx } from '../../db/index.ts'
import { required } from '../../kernel/assert.ts'
import { areNewKeys, type DedupKeyOf } from '../../metering/dedup/index.ts'
import { firstExpired } from '../../metering/reservations/index.ts'
import { type Batch, type BatchBasis, decidedCustomers, resourcesOf } from './basis.ts'

/** A batch that is decided on memory alone would have to read from the database. */
export class NotInMemory extends Error {}

/** A transaction that fails each read, and collects the statements that write. */
export function collectingTx(): { tx: Tx; statements: Sql[] } {
  const statements: Sql[] = []
  const fail = async () => {
    throw new NotInMemory('a part of the state is not in memory')
  }
  const execute = async (statement: Sql) => {
    statements.push(statement)
    return 0
  }
  return { tx: { many: fail, maybeOne: fail, one: fail, execute }, statements }
}

/** Names of the parts of the statement, one for each write. A batch has at most as many writes. */
const PARTS = [
  sql`write_1`,
  sql`write_2`,
  sql`write_3`,
  sql`write_4`,
  sql`write_5`,
  sql`write_6`,
  sql`write_7`,
  sql`write_8`,
]

/**
 * Returns the statement that writes a batch which was decided on a basis from memory. It fails
 * (`isStaleState`) if a version of the customers, of the environment or of the catalog, or the
 * setting `unknownDimensions`, is not that of the basis. It also fails if a resource does not
 * exist, if a reservation of a customer whose limits have decided has expired, if the thresholds
 * are others, or if one of `unstoredKeys` exists: a request that stores nothing has its key, and a
 * repetition would get the first answer. The main part runs before the writes, so the customers are
 * locked first, in the order of their keys.
 */
export function writeAtOnce(
  { scope, requests }: Pick<Batch, 'scope' | 'requests'>,
  { versions, environment, thresholds }: BatchBasis,
  { writes, unstoredKeys }: { writes: readonly Sql[]; unstoredKeys: readonly DedupKeyOf[] },
): Sql {
  const decided = new Set(decidedCustomers(requests))
  const expected: ExpectedVersion[] = [...versions]
    .map(([customerKey, { version, replacedUsageVersion, now }]) => ({
      customerKey,
      version,
      usageVersion: required(replacedUsageVersion, 'the usage version of a state in memory'),
      now,
      isDecided: decided.has(customerKey),
    }))
    .toSorted((one, other) => (one.customerKey < other.customerKey ? -1 : 1))
  const [first] = versions.values()
  const { usageVersion } = required(first, 'a customer of a batch')
  const key = sql`${scope.environmentKey}::uuid`
  const resources = resourcesOf(requests)
  const haveResources =
    resources.length === 0
      ? nothing
      : sql`and ${existingResources(resources)} = ${resources.length}::integer`
  const haveNewKeys = unstoredKeys.length === 0 ? nothing : sql`and ${areNewKeys(unstoredKeys)}`
  const parts = writes.reduce(
    (others, statement, index) =>
      sql`${others}, ${required(PARTS[index], 'the name of a part')} as (${statement})`,
    renewExpected(scope, expected, usageVersion),
  )
  return sql`
    with ${parts}
    select case when
      (select count(*) from renewed_heads) = ${expected.length}::integer
      and ${environmentVersionOf(key)} = ${environment.environmentVersion}::uuid
      and ${catalogVersionOf(key)} = ${environment.catalogVersion}::uuid
      and ${unknownDimensionsOf(key)} = ${environment.unknownDimensions}::text
      and ${areThresholds(key, thresholds)}
      and not exists (
        select from expected cross join lateral
          ${firstExpired(sql`expected.customer_key`, sql`expected.decided_at`)} as due
        where expected.is_decided)
      ${haveResources} ${haveNewKeys}
      then true else refuse_stale_state() end`
}
