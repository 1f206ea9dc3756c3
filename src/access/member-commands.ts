import type { App } from '../app.ts'
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
  })
