import { notFound } from '../kernel/errors.ts'
import { inPath } from '../kernel/field.ts'
import { pageRequest, pageToWire } from '../kernel/page.ts'
import type { Handlers } from '../operation.ts'
import { createKeyAs, revokeKeyAs, rotateKeyAs } from './key-commands.ts'
import { GRACES } from './key-rules.ts'
import { pageOfKeys } from './key-store.ts'
import { putMemberAs, removeMemberAs } from './member-commands.ts'
import { findMember, pageOfMembers } from './member-store.ts'
import { findCaller, listOpenEnvironments } from './queries.ts'
import { changeSettings } from './settings-commands.ts'
import { findSettings } from './settings-store.ts'
import { exchangeSignInCode, makeSignInCodeAs } from './sign-in-commands.ts'
import {
  apiKeyToWire,
  callerToWire,
  memberToWire,
  newKeyFromWire,
  secretToWire,
  signInCodeToWire,
} from './wire.ts'

export const accessHandlers: Handlers<
  | 'v1.whoami.retrieve'
  | 'v1.apiKeys.list'
  | 'v1.apiKeys.create'
  | 'v1.apiKeys.rotate'
  | 'v1.apiKeys.revoke'
  | 'v1.signInCodes.create'
  | 'v1.signInCodes.exchange'
  | 'v1.environments.list'
  | 'v1.members.list'
  | 'v1.members.retrieve'
  | 'v1.members.upsert'
  | 'v1.members.remove'
  | 'v1.environment.settings.retrieve'
  | 'v1.environment.settings.update'
> = {
  'v1.whoami.retrieve': async (_, call) => ({
    data: callerToWire(call.app, await findCaller(call)),
  }),
  'v1.apiKeys.list': async ({ query }, { app, scope }) => {
    const page = await pageOfKeys(app.db.read, scope, pageRequest(query))
    return pageToWire(page, apiKeyToWire)
  },
  'v1.apiKeys.create': async ({ body }, call) => ({
    data: secretToWire(await createKeyAs(call, newKeyFromWire(body))),
  }),
  'v1.apiKeys.rotate': async ({ params, body }, call) => ({
    data: secretToWire(
      await rotateKeyAs(call, params.keyId.toLowerCase(), GRACES[body.grace ?? 'now']),
    ),
  }),
  'v1.apiKeys.revoke': async ({ params }, call) => ({
    data: apiKeyToWire(await revokeKeyAs(call, params.keyId.toLowerCase())),
  }),
  'v1.signInCodes.create': async ({ body }, call) => {
    const code = await makeSignInCodeAs(call, body)
    return { data: { ...signInCodeToWire(code), code: code.text } }
  },
  'v1.signInCodes.exchange': async ({ body }, call) => ({
    data: secretToWire(await exchangeSignInCode(call, { text: body.code, name: body.name })),
  }),
  'v1.environments.list': ({ query }, call) => listOpenEnvironments(call, pageRequest(query)),
  'v1.members.list': async ({ query }, { app, scope }) => {
    const page = await pageOfMembers(app.db.read, scope, pageRequest(query))
    return pageToWire(page, memberToWire)
  },
  'v1.members.retrieve': async ({ params: { userId } }, { app, scope }) => {
    const member = await findMember(app.db.read, scope, userId)
    if (member !== null) return { data: memberToWire(member) }
    throw notFound(inPath('userId'), 'MemberNotFound', `${userId} is not a member of the account`)
  },
  'v1.members.upsert': async ({ params, body }, call) => ({
    data: memberToWire(await putMemberAs(call, params.userId, body)),
  }),
  'v1.members.remove': async ({ params: { userId } }, call) => ({
    data: { userId, isMember: await removeMemberAs(call, userId) },
  }),
  'v1.environment.settings.retrieve': async (_, { app, scope }) => ({
    data: await findSettings(app.db.read, scope),
  }),
  'v1.environment.settings.update': async ({ body }, call) => ({
    data: await changeSettings(call, body),
  }),
}
