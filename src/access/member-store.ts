import { column, type Reader, row, type Sql, sql, type Tx } from '../db/index.ts'
import { type Instant, instantToWire } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import { allowedOriginsOf } from './settings-store.ts'
import { ACCOUNT_ROLES, type AccountRole, ENVIRONMENT_ROLES, type Member } from './types.ts'

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

/** A member of an account, or somebody who may become one. */
type Person = { accountKey: Uuid; userId: string }

/** Adds a member or changes their role. */
export const putMember = (tx: Tx, person: Person, as: { role: AccountRole; now: Instant }) =>
  tx.execute(sql`
    insert into members (account_key, user_id, role, created_at)
    values (${person.accountKey}::uuid, ${person.userId}::text, ${as.role}::text,
      ${instantToWire(as.now)}::timestamptz)
    on conflict (account_key, user_id) do update set role = excluded.role`)

/** Sets the role in each of the environments that belong to the account. Returns their number. */
export const putEnvironmentRoles = (
  tx: Tx,
  { accountKey, userId }: Person,
  roles: Member['environments'],
) =>
  tx.execute(sql`
    insert into environment_roles (environment_key, user_id, role)
    select e.environment_key, ${userId}::text, given.role
    from unnest(${Object.keys(roles)}::text[], ${Object.values(roles)}::text[]) as given (id, role)
      join environments e on e.id = given.id
    where e.account_key = ${accountKey}::uuid
    on conflict (environment_key, user_id) do update set role = excluded.role`)

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

/**
 * A member as one environment of the account sees them. `role` is null for somebody who is not a
 * member.
 */
export type MemberView = {
  environmentKey: Uuid
  role: AccountRole | null
  environmentRole: Membership['environmentRole']
}

const seenRow = row<MemberView>({
  environmentKey: column.uuid,
  role: column.nullable(column.oneOf(...ACCOUNT_ROLES)),
  environmentRole: column.nullable(column.oneOf(...ENVIRONMENT_ROLES)),
})

/** A person, as every environment of an account sees them. */
export const memberByEnvironment = (
  reader: Reader,
  { accountKey, userId }: Person,
): Promise<MemberView[]> =>
  reader.many(
    seenRow,
    sql`
    select e.environment_key, m.role, r.role as environment_role
    from environments e
      left join members m on m.account_key = e.account_key and m.user_id = ${userId}::text
      left join environment_roles r
        on r.environment_key = e.environment_key and r.user_id = ${userId}::text
    where e.account_key = ${accountKey}::uuid
    order by e.environment_key`,
  )

const memberRow = row<Member>({
  accountId: column.text,
  userId: column.text,
  role: column.oneOf(...ACCOUNT_ROLES),
  environments: column.json<Member['environments']>(),
  createdAt: column.instant,
})

export const listMembers = (reader: Reader, accountId: string): Promise<Member[]> =>
  reader.many(
    memberRow,
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
