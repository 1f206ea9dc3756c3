import type { Reader, Sql, Tx } from '../db/index.ts'
import { column, hasRow, pageReader, row, rowFinder, sql } from '../db/index.ts'
import { type Instant, instantToWire } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { PageRequest } from '../kernel/page.ts'
import type { Scope } from '../kernel/scope.ts'
import { roleOf } from './permit.ts'
import { allowedOriginsOf } from './settings-store.ts'
import {
  ACCOUNT_ROLES,
  type AccountMember,
  type AccountRole,
  ENVIRONMENT_ROLES,
  type EnvironmentRole,
  type Member,
} from './types.ts'

/** The roles of a person in an account and in one of its environments. */
export type Membership = {
  role: AccountRole
  environmentKey: Uuid | null
  environmentRole: (typeof ENVIRONMENT_ROLES)[number] | null
  /** Origins from which browsers may write to the environment. */
  allowedOrigins: readonly string[]
}

const membershipRow = row<Membership>({
  role: column.oneOf(...ACCOUNT_ROLES),
  environmentKey: column.nullable(column.uuid),
  environmentRole: column.nullable(column.oneOf(...ENVIRONMENT_ROLES)),
  allowedOrigins: column.json<string[]>(),
})

/** Which account and environment a person names, and which are used if they name none. */
export type MembershipQuery = {
  userId: string
  accountId: string | null
  environmentId: string | null
  /** Without an id, the oldest environment in which the person has a role is used. */
  defaultsEnvironment: boolean
}

/**
 * Returns the membership of a person in the account with this id, or in the account that they
 * joined first if the id is null. Null for somebody who is not a member. The environment is looked
 * up only within the account.
 */
export const findMembership = (reader: Reader, of: MembershipQuery): Promise<Membership | null> =>
  reader.maybeOne(
    membershipRow,
    sql`
    select m.role, e.environment_key, e.environment_role,
      ${allowedOriginsOf(sql`e.environment_key`)} as allowed_origins
    from members m
      join accounts a using (account_key)
      left join lateral (
        select e.environment_key, r.role as environment_role
        from environments e left join environment_roles r
          on r.environment_key = e.environment_key and r.user_id = m.user_id
        where e.account_key = m.account_key and ${environmentOf(of)}
        order by e.environment_key
        limit 1
      ) as e on true
    where m.user_id = ${of.userId}::text
      and (${of.accountId}::text is null or a.id = ${of.accountId}::text)
    order by m.created_at, m.account_key
    limit 1`,
  )

function environmentOf({ environmentId, defaultsEnvironment }: MembershipQuery): Sql {
  if (environmentId !== null) return sql`e.id = ${environmentId}::text`
  return defaultsEnvironment ? MAY_OPEN : sql`false`
}

/** The condition that member `m` may open environment `e`, in which they have the role `r`. */
export const MAY_OPEN = sql`(m.role = 'OWNER' or r.role <> 'NONE')`

const accountRow = row({ accountKey: column.uuid })

/** Serializes changes of an account's members. Returns null if there is no such account. */
export async function lockAccount(tx: Tx, accountId: string): Promise<Uuid | null> {
  const found = await tx.maybeOne(
    accountRow,
    sql`
    select account_key from accounts where id = ${accountId}::text for no key update`,
  )
  return found?.accountKey ?? null
}

/** The same for the account of an environment. */
export async function lockAccountOf(tx: Tx, scope: Scope): Promise<Uuid> {
  const { accountKey } = await tx.one(
    accountRow,
    sql`
    select account_key from accounts where account_key = ${accountOf(scope)} for no key update`,
  )
  return accountKey
}

/** An SQL expression: the account of an environment. */
export const accountOf = ({ environmentKey }: Scope): Sql =>
  sql`(select account_key from environments where environment_key = ${environmentKey}::uuid)`

/** A member of an account, or somebody who may become one. */
export type Person = { accountKey: Uuid; userId: string }

/** Adds a member or changes their role. A member keeps their key. */
export const putMember = (
  tx: Tx,
  person: Person,
  as: { key: Uuid; role: AccountRole; now: Instant },
) =>
  tx.execute(sql`
    insert into members (account_key, user_id, member_key, role, created_at)
    values (${person.accountKey}::uuid, ${person.userId}::text, ${as.key}::uuid, ${as.role}::text,
      ${instantToWire(as.now)}::timestamptz)
    on conflict (account_key, user_id) do update set role = excluded.role`)

/** Sets the role in each of the environments that belong to the account. Returns their number. */
export const putEnvironmentRoles = (
  tx: Tx,
  { accountKey, userId }: Person,
  roles: AccountMember['environments'],
) =>
  tx.execute(sql`
    insert into environment_roles (environment_key, user_id, role)
    select e.environment_key, ${userId}::text, given.role
    from unnest(${Object.keys(roles)}::text[], ${Object.values(roles)}::text[]) as given (id, role)
      join environments e on e.id = given.id
    where e.account_key = ${accountKey}::uuid
    on conflict (environment_key, user_id) do update set role = excluded.role`)

export const putRole = (tx: Tx, scope: Scope, userId: string, role: EnvironmentRole) =>
  tx.execute(sql`
    insert into environment_roles (environment_key, user_id, role)
    values (${scope.environmentKey}::uuid, ${userId}::text, ${role}::text)
    on conflict (environment_key, user_id) do update set role = excluded.role`)

/** Returns 0 if the person has no role in the environment. */
export const deleteRole = (tx: Tx, scope: Scope, userId: string): Promise<number> =>
  tx.execute(sql`
    delete from environment_roles
    where environment_key = ${scope.environmentKey}::uuid and user_id = ${userId}::text`)

/** Returns whether a person may open an environment of the account without being an owner. */
export const hasRole = (reader: Reader, { accountKey, userId }: Person): Promise<boolean> =>
  hasRow(
    reader,
    sql`
    select 1 from environment_roles r join environments e using (environment_key)
    where r.user_id = ${userId}::text and r.role <> 'NONE'
      and e.account_key = ${accountKey}::uuid
    limit 1`,
  )

/** Returns 0 if there is no such member. */
export async function deleteMember(tx: Tx, { accountKey, userId }: Person): Promise<number> {
  await tx.execute(sql`
    delete from environment_roles r using environments e
    where r.environment_key = e.environment_key and e.account_key = ${accountKey}::uuid
      and r.user_id = ${userId}::text`)
  return tx.execute(sql`
    delete from members
    where account_key = ${accountKey}::uuid and user_id = ${userId}::text`)
}

/** Returns whether the account has an owner besides this person. */
export const hasOtherOwner = (reader: Reader, { accountKey, userId }: Person): Promise<boolean> =>
  hasRow(
    reader,
    sql`
    select 1 from members
    where account_key = ${accountKey}::uuid and role = 'OWNER' and user_id <> ${userId}::text
    limit 1`,
  )

const countRow = row({ count: column.integer })

/** Returns how many members an account has, but counts no further than `atMost`. */
export async function countMembers(
  reader: Reader,
  { accountKey }: Pick<Person, 'accountKey'>,
  atMost: number,
): Promise<number> {
  const { count } = await reader.one(
    countRow,
    sql`
    select count(*)::integer as count from (
      select 1 from members where account_key = ${accountKey}::uuid limit ${atMost}::integer
    ) as counted`,
  )
  return count
}

const rolesRow = row({
  key: column.from('member_key', column.uuid),
  userId: column.text,
  accountRole: column.from('role', column.oneOf(...ACCOUNT_ROLES)),
  environmentRole: column.nullable(column.oneOf(...ENVIRONMENT_ROLES)),
  createdAt: column.instant,
})
/** The columns of `rolesRow`, of the member `m`, in one environment. */
const rolesIn = (environmentKey: Sql): Sql => sql`
  m.member_key, m.user_id, m.role, m.created_at, (
    select r.role from environment_roles r
    where r.environment_key = ${environmentKey} and r.user_id = m.user_id) as environment_role`

/** A statement without conditions: members with their roles in the environment of a call. */
const selectMembers = ({ environmentKey }: Scope): Sql =>
  sql`select ${rolesIn(sql`${environmentKey}::uuid`)} from members m`

type Roles = ReturnType<typeof rolesRow>

const memberOf = ({ userId, accountRole, environmentRole, createdAt }: Roles): Member => ({
  userId,
  accountRole,
  role: roleOf({ role: accountRole, environmentRole }),
  createdAt,
})

/** Returns a member of the account of an environment, or null. */
export const findMember = rowFinder(
  (raw) => memberOf(rolesRow(raw)),
  (scope: Scope, userId: string) => sql`
    ${selectMembers(scope)}
    where m.account_key = ${accountOf(scope)} and m.user_id = ${userId}::text`,
)

/** A page of the members of the account of an environment, newest first. */
export const pageOfMembers = pageReader((scope: Scope, page: PageRequest) => ({
  row: (raw) => {
    const roles = rolesRow(raw)
    return { ...memberOf(roles), key: roles.key }
  },
  select: selectMembers(scope),
  table: sql`members m`,
  of: sql`m.account_key = ${accountOf(scope)}`,
  large: [],
  key: sql`m.member_key`,
  page,
}))

/** A member as one environment of the account sees them. Null for somebody who is not a member. */
export type MemberView = { environmentKey: Uuid; member: Member | null }

const seenRow = row({
  environmentKey: column.uuid,
  roles: column.optional('member_key', rolesRow),
})

/** A person, as every environment of an account sees them. */
export async function memberByEnvironment(
  reader: Reader,
  { accountKey, userId }: Person,
): Promise<MemberView[]> {
  const seen = await reader.many(
    seenRow,
    sql`
    select e.environment_key, ${rolesIn(sql`e.environment_key`)}
    from environments e
      left join members m on m.account_key = e.account_key and m.user_id = ${userId}::text
    where e.account_key = ${accountKey}::uuid
    order by e.environment_key`,
  )
  return seen.map(({ environmentKey, roles }) => ({
    environmentKey,
    member: roles && memberOf(roles),
  }))
}

const accountMemberRow = row<AccountMember>({
  accountId: column.text,
  userId: column.text,
  role: column.oneOf(...ACCOUNT_ROLES),
  environments: column.json<AccountMember['environments']>(),
  createdAt: column.instant,
})

export const listMembers = (reader: Reader, accountId: string): Promise<AccountMember[]> =>
  reader.many(
    accountMemberRow,
    sql`
    select a.id as account_id, m.user_id, m.role, m.created_at,
      coalesce((
        select json_object_agg(e.id, r.role order by e.id)
        from environments e join environment_roles r using (environment_key)
        where e.account_key = m.account_key and r.user_id = m.user_id), '{}') as environments
    from members m join accounts a using (account_key)
    where a.id = ${accountId}::text
    order by m.created_at, m.user_id limit 1000`,
  )
