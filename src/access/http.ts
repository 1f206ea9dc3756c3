import type { Handlers } from '../operation.ts'
import { findCaller } from './queries.ts'
import { changeSettings } from './settings-commands.ts'
import { findSettings } from './settings-store.ts'
import { callerToWire } from './wire.ts'

export const accessHandlers: Handlers<
  'v1.whoami.retrieve' | 'v1.environment.settings.retrieve' | 'v1.environment.settings.update'
> = {
  'v1.whoami.retrieve': async (_, call) => ({
    data: callerToWire(call.app, await findCaller(call)),
  }),
  'v1.environment.settings.retrieve': async (_, { app, scope }) => ({
    data: await findSettings(app.db.read, scope),
  }),
  'v1.environment.settings.update': async ({ body }, call) => ({
    data: await changeSettings(call, body),
  }),
}
