import { column, pageReader, type Reader, row, rowFinder, type Sql, sql } from '../db/index.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { PageRequest } from '../kernel/page.ts'
import type { Scope } from '../kernel/scope.ts'
import { accountOf, MAY_OPEN } from './member-store.ts'
import type { AccountRole, Environment, EnvironmentRole } from './types.ts'
import { ACCOUNT_ROLES, ENVIRONMENT_ROLES, ENVIRONMENT_TYPES } from './types.ts'

/** The maximum number of environments that a response lists for a person. */
const ENVIRONMENTS = 1000

/** An environment, as a caller who may open it sees it. */
export type OpenEnvironment = Omit<Environment, 'environmentKey'>

const openRow = row<OpenEnvironment>({
  accountId: column.text,
  id: column.text,
  displayName: column.text,
  type: column.oneOf(...ENVIRONMENT_TYPES),
})
const openColumns = sql`a.id as account_id, e.id, e.display_name, e.type`

/** The environment of a call, with the name of its account. */
export type Place = { environment: OpenEnvironment; accountName: string }

const placeRow = row<Place>({ environment: column.group(openRow), accountName: column.text })

export const findPlace = (reader: Reader, scope: Scope): Promise<Place> =>
  reader.one(
    placeRow,
    sql`
    select ${openColumns}, a.display_name as account_name
    from environments e join accounts a using (account_key)
    where e.environment_key = ${scope.environmentKey}::uuid`,
  )

/** The roles of a member: in the account, and in one environment. */
export type MemberRoles = { role: AccountRole; environmentRole: EnvironmentRole | null }

const rolesRow = row<MemberRoles>({
  role: column.oneOf(...ACCOUNT_ROLES),
  environmentRole: column.nullable(column.oneOf(...ENVIRONMENT_ROLES)),
})

/** Returns the roles of a person in an environment, or null if they are not a member. */
export const findRoles = rowFinder(
  rolesRow,
  (scope: Scope, userId: string) => sql`
    select m.role, r.role as environment_role
    from environments e
      join members m on m.account_key = e.account_key and m.user_id = ${userId}::text
      left join environment_roles r
        on r.environment_key = e.environment_key and r.user_id = m.user_id
    where e.environment_key = ${scope.environmentKey}::uuid`,
)

/** An environment that a person may open, with their roles there. */
export type OpenTo = { environment: OpenEnvironment; roles: MemberRoles }

const openToRow = row<OpenTo>({
  environment: column.group(openRow),
  roles: column.group(rolesRow),
})

/** The environments of all accounts of a person that the person may open, by account and id. */
export const environmentsOpenTo = (reader: Reader, userId: string): Promise<OpenTo[]> =>
  reader.many(
    openToRow,
    sql`
    select ${openColumns}, m.role, r.role as environment_role
    from members m
      join accounts a using (account_key)
      join environments e on e.account_key = m.account_key
      left join environment_roles r
        on r.environment_key = e.environment_key and r.user_id = m.user_id
    where m.user_id = ${userId}::text and ${MAY_OPEN}
    order by a.id, e.id
    limit ${ENVIRONMENTS}::integer`,
  )

const openPageRow = row({
  key: column.from('environment_key', column.uuid),
  environment: column.group(openRow),
  environmentRole: column.nullable(column.oneOf(...ENVIRONMENT_ROLES)),
})

/** An environment on a page, and the role in it of the person that the page is for. */
export type OpenOnPage = {
  key: Uuid
  environment: OpenEnvironment
  environmentRole: EnvironmentRole | null
}

/** A page of the environments of the account of `scope`, newest first. */
export const pageOfAccount = pageReader((scope: Scope, page: PageRequest) =>
  environments(page, {
    role: sql`null`,
    table: sql`environments e`,
    of: sql`e.account_key = ${accountOf(scope)}`,
    key: sql`e.environment_key`,
  }),
)

/**
 * A page of those environments of the account of `scope` in which a person has a role, newest
 * first.
 */
export const pageOfPerson = pageReader(
  ({ scope, userId }: { scope: Scope; userId: string }, page: PageRequest) =>
    environments(page, {
      role: sql`r.role`,
      table: sql`environment_roles r join environments e using (environment_key)`,
      of: sql`
        r.user_id = ${userId}::text and r.role <> 'NONE' and e.account_key = ${accountOf(scope)}`,
      key: sql`r.environment_key`,
    }),
)

/** A page of the list that has only the environment of a call. */
export const pageOfOne = pageReader(({ environmentKey }: Scope, page: PageRequest) =>
  environments(page, {
    role: sql`null`,
    table: sql`environments e`,
    of: sql`e.environment_key = ${environmentKey}::uuid`,
    key: sql`e.environment_key`,
  }),
)

const environments = (
  page: PageRequest,
  { role, table, of, key }: { role: Sql; table: Sql; of: Sql; key: Sql },
) => ({
  row: openPageRow,
  select: sql`
    select ${key} as environment_key, ${openColumns}, ${role} as environment_role
    from ${table} join accounts a using (account_key)`,
  table,
  of,
  large: [],
  key,
  page,
})
