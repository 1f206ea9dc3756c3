import { isDeepStrictEqual } from 'node:util'
import type { App } from '../app.ts'
import type { Tx } from '../db/index.ts'
import { publish } from '../events/index.ts'
import { required } from '../kernel/assert.ts'
import { badInput, notFound } from '../kernel/errors.ts'
import { refuseOutdated } from '../kernel/etag.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Call } from '../operation.ts'
import { authorityFor } from './authority.ts'
import {
  endsOwnership,
  lastOwner,
  refuseChangeBeyond,
  refuseLesserOwner,
  rolesAfter,
} from './member-rules.ts'
import * as store from './member-store.ts'
import type { AccountRole, EnvironmentRole, Member } from './types.ts'
import { memberToWire } from './wire.ts'

const USER_ID_LIMIT = 255
/** The most members of an account. */
const MEMBERS = 10_000

export type MemberInput = {
  accountId: string
  userId: string
  role: AccountRole
  environments: Readonly<Record<string, EnvironmentRole>>
}

/**
 * Adds a member or changes their roles, for an operator. Environments that are not named keep their
 * roles. 404 `AccountNotFoundError`; 404 `EnvironmentMissing` if an environment is not part of the
 * account.
 */
export async function putMember(app: App, input: MemberInput): Promise<void> {
  const { accountId, userId, role, environments } = input
  if (userId === '' || userId.length > USER_ID_LIMIT)
    throw badInput(null, `the user id must have 1 to ${USER_ID_LIMIT} characters`)
  await app.db.transaction(async (tx) => {
    const person = { accountKey: await lockAccount(tx, accountId), userId }
    await publishing(tx, app, person, async () => {
      await saveMember(tx, app, person, role)
      const given = await store.putEnvironmentRoles(tx, person, environments)
      if (given !== Object.keys(environments).length)
        throw notFound(
          null,
          'EnvironmentMissing',
          `account ${accountId} does not have all of these environments`,
        )
    })
  })
}

/**
 * Removes a member and all their roles, for an operator. 404 `AccountNotFoundError`,
 * `MemberNotFound`.
 */
export const removeMember = (
  app: App,
  { accountId, userId }: { accountId: string; userId: string },
): Promise<void> =>
  app.db.transaction(async (tx) => {
    const person = { accountKey: await lockAccount(tx, accountId), userId }
    await publishing(tx, app, person, async () => {
      if ((await store.deleteMember(tx, person)) === 0)
        throw notFound(null, 'MemberNotFound', `member ${userId} not found in account ${accountId}`)
    })
  })

/**
 * Gives a person a role in the environment of a call, and makes them a member of its account. 403
 * if the change needs more than the caller has; 400 for an owner with another role than `ADMIN`,
 * and if the account has 10,000 members; 400 `IntegrityViolation` for the last owner; 412 if the
 * member has changed. Returns the member.
 */
export const putMemberAs = (
  call: Call,
  userId: string,
  given: { accountRole?: AccountRole | undefined; role: EnvironmentRole },
): Promise<Member> =>
  call.app.db.transaction(async (tx) => {
    const { scope } = call
    const person = { accountKey: await store.lockAccountOf(tx, scope), userId }
    const authority = await authorityFor(tx, call, 'members:write')
    const before = await store.findMember(tx, scope, userId)
    const after = rolesAfter(before, given)
    refuseOutdated(call, () => before && memberToWire(before))
    refuseLesserOwner(after)
    refuseChangeBeyond(authority, { before, after })
    await refuseLastOwner(tx, person, { before, after })
    if (before === null && (await store.countMembers(tx, person, MEMBERS)) === MEMBERS)
      throw badInput(null, `the account already has ${MEMBERS} members; remove some first`)
    await publishing(tx, appOf(call), person, async () => {
      await saveMember(tx, call.app, person, after.accountRole)
      // An owner needs no role of their own, and a stored one would outlive the ownership.
      if (after.accountRole !== 'OWNER') await store.putRole(tx, scope, userId, after.role)
    })
    return required(await store.findMember(tx, scope, userId), 'a member that was just saved')
  })

/**
 * Removes a person as far as the caller may: an owner from the account, other callers from the
 * environment of the call, and from the account if the person has no role in another environment.
 * Removing nobody is a success. 403 if the removal needs more than the caller has; 400
 * `IntegrityViolation` for the last owner. Returns whether the person is still a member.
 */
export const removeMemberAs = (call: Call, userId: string): Promise<boolean> =>
  call.app.db.transaction(async (tx) => {
    const { scope } = call
    const person = { accountKey: await store.lockAccountOf(tx, scope), userId }
    const authority = await authorityFor(tx, call, 'members:write')
    const before = await store.findMember(tx, scope, userId)
    if (before === null) return false
    refuseChangeBeyond(authority, { before, after: null })
    await refuseLastOwner(tx, person, { before, after: null })
    let isMember = false
    await publishing(tx, appOf(call), person, async () => {
      if (!authority.isOwner) {
        await store.deleteRole(tx, scope, userId)
        isMember = await store.hasRole(tx, person)
      }
      if (!isMember) await store.deleteMember(tx, person)
    })
    return isMember
  })

/** The application with the origin of a call. Changes are published with this origin. */
const appOf = ({ app, origin }: Call): App => ({ ...app, origin })

async function lockAccount(tx: Tx, accountId: string): Promise<Uuid> {
  const accountKey = await store.lockAccount(tx, accountId)
  if (accountKey !== null) return accountKey
  throw notFound(null, 'AccountNotFoundError', `account ${accountId} not found`)
}

/** The lock of the account keeps two owners from ending each other's ownership at the same time. */
async function refuseLastOwner(
  tx: Tx,
  person: store.Person,
  change: Parameters<typeof endsOwnership>[0],
): Promise<void> {
  if (endsOwnership(change) && !(await store.hasOtherOwner(tx, person)))
    throw lastOwner(person.userId)
}

function saveMember(tx: Tx, app: App, person: store.Person, role: AccountRole): Promise<number> {
  const now = app.clock.now()
  return store.putMember(tx, person, { key: app.ids.next(now), role, now })
}

/**
 * Changes a member, and publishes an event in each environment of the account where the member's
 * role differs. Each environment has its own log and sees nothing of the others.
 */
async function publishing(
  tx: Tx,
  app: App,
  person: store.Person,
  change: () => Promise<void>,
): Promise<void> {
  const before = await store.memberByEnvironment(tx, person)
  await change()
  const known = new Map(before.map((seen) => [seen.environmentKey, seen.member]))
  for (const { environmentKey, member } of await store.memberByEnvironment(tx, person))
    await publishMemberEvent(tx, app, {
      ...{ environmentKey, objectId: person.userId },
      ...{ before: known.get(environmentKey) ?? null, after: member },
    })
}

async function publishMemberEvent(
  tx: Tx,
  app: App,
  change: {
    environmentKey: Uuid
    objectId: string
    before: Member | null
    after: Member | null
  },
): Promise<void> {
  const { environmentKey, objectId } = change
  if (isDeepStrictEqual(change.before, change.after)) return
  const [before, after] = [change.before, change.after].map((seen) => seen && memberToWire(seen))
  const type = change.after === null ? 'member.removed' : 'member.updated'
  const announcing = { app, scope: { environmentKey }, now: app.clock.now(), origin: app.origin }
  await publish(tx, announcing, [
    { type, customerKey: null, objectId, before: before ?? null, after: after ?? null },
  ])
}
