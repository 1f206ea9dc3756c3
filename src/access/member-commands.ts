import type { App } from '../app.ts'
import type { Tx } from '../db/index.ts'
import { announce } from '../jobs/index.ts'
import { badInput, notFound } from '../kernel/errors.ts'
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
 * Makes someone a member, or changes what they are; environments that are not named stay as they
 * are. 404 `AccountNotFoundError`; 404 `EnvironmentMissing` when one is not of the account.
 */
export const putMember = (app: App, input: MemberInput): Promise<void> => {
  if (input.userId === '' || input.userId.length > USER_ID_LIMIT)
    throw badInput(`the user id must have 1 to ${USER_ID_LIMIT} characters`)
  return app.db.transaction(async (tx) => {
    if ((await store.putMember(tx, input, app.clock.now())) === 0)
      throw notFound('AccountNotFoundError', `there is no account ${input.accountId}`)
    const wanted = Object.keys(input.environments).length
    if ((await store.putEnvironmentRoles(tx, input)) !== wanted)
      throw notFound(
        'EnvironmentMissing',
        `the account ${input.accountId} has not all of the environments named`,
      )
    const { role, environments } = input
    await announceMember(tx, app, input, { role, environments })
  })
}

/** Ends a membership and its roles. 404 `MemberNotFound`. */
export const removeMember = (
  app: App,
  member: { accountId: string; userId: string },
): Promise<void> =>
  app.db.transaction(async (tx) => {
    if ((await store.deleteMember(tx, member)) === 0)
      throw notFound('MemberNotFound', `${member.userId} is no member of ${member.accountId}`)
    await announceMember(tx, app, member, null)
  })

/** Told in every environment of the account, since each has a log of its own. */
async function announceMember(
  tx: Tx,
  app: App,
  { accountId, userId }: { accountId: string; userId: string },
  after: object | null,
): Promise<void> {
  const type = after === null ? 'member.removed' : 'member.updated'
  const told = [{ type, customerKey: null, objectId: userId, before: null, after } as const]
  for (const { environment_key } of await store.environmentsOf(tx, accountId)) {
    const scope = { environmentKey: environment_key }
    await announce(tx, { app, scope, now: app.clock.now(), origin: app.origin }, told)
  }
}
