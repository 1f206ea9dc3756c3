import { isDeepStrictEqual } from 'node:util'
import type { App } from '../app.ts'
import type { Tx } from '../db/index.ts'
import { publish } from '../events/index.ts'
import { badInput, notFound } from '../kernel/errors.ts'
import type { Uuid } from '../kernel/ids.ts'
import * as store from './member-store.ts'
import type { AccountRole, EnvironmentRole } from './types.ts'

const USER_ID_LIMIT = 255

export type MemberInput = {
  accountId: string
  userId: string
  role: AccountRole
  environments: Readonly<Record<string, EnvironmentRole>>
}

/**
 * Adds a member or changes their roles. Environments that are not named keep their roles. 404
 * `AccountNotFoundError`; 404 `EnvironmentMissing` if an environment is not part of the account.
 */
export async function putMember(app: App, input: MemberInput): Promise<void> {
  const { userId, role, environments } = input
  if (userId === '' || userId.length > USER_ID_LIMIT)
    throw badInput(null, `the user id must have 1 to ${USER_ID_LIMIT} characters`)
  await changingMember(app, input, async (tx, person) => {
    await store.putMember(tx, person, { role, now: app.clock.now() })
    const given = await store.putEnvironmentRoles(tx, person, environments)
    if (given !== Object.keys(environments).length)
      throw notFound(
        null,
        'EnvironmentMissing',
        `account ${input.accountId} does not have all of these environments`,
      )
  })
}

/** Removes a member and all their roles. 404 `AccountNotFoundError`, `MemberNotFound`. */
export const removeMember = (
  app: App,
  member: { accountId: string; userId: string },
): Promise<void> =>
  changingMember(app, member, async (tx, person) => {
    if ((await store.deleteMember(tx, person)) === 0)
      throw notFound(
        null,
        'MemberNotFound',
        `member ${member.userId} not found in account ${member.accountId}`,
      )
  })

/**
 * Changes a member, and publishes an event in each environment of the account where the member's
 * role differs. Each environment has its own log and sees nothing of the others.
 */
const changingMember = (
  app: App,
  { accountId, userId }: { accountId: string; userId: string },
  change: (tx: Tx, person: { accountKey: Uuid; userId: string }) => Promise<void>,
): Promise<void> =>
  app.db.transaction(async (tx) => {
    const accountKey = await store.lockAccount(tx, accountId)
    if (accountKey === null)
      throw notFound(null, 'AccountNotFoundError', `account ${accountId} not found`)
    const person = { accountKey, userId }
    const before = await store.memberByEnvironment(tx, person)
    await change(tx, person)
    const known = new Map(before.map((seen) => [seen.environmentKey, seen]))
    for (const after of await store.memberByEnvironment(tx, person))
      await publishMemberEvents(tx, app, { userId, before: known.get(after.environmentKey), after })
  })

async function publishMemberEvents(
  tx: Tx,
  app: App,
  change: { userId: string; before: store.MemberView | undefined; after: store.MemberView },
): Promise<void> {
  const { userId: objectId } = change
  const before = memberOf(objectId, change.before)
  const after = memberOf(objectId, change.after)
  if (isDeepStrictEqual(before, after)) return
  const { environmentKey } = change.after
  const type = after === null ? 'member.removed' : 'member.updated'
  const announcing = { app, scope: { environmentKey }, now: app.clock.now(), origin: app.origin }
  await publish(tx, announcing, [{ type, customerKey: null, objectId, before, after }])
}

/** Null for somebody who is not a member. */
const memberOf = (userId: string, seen: store.MemberView | undefined) =>
  seen === undefined || seen.role === null
    ? null
    : { userId, role: seen.role, environmentRole: seen.environmentRole }
