import type { Handlers } from '../operation.ts'
import { changeSettings } from './settings-commands.ts'
import { findSettings } from './settings-store.ts'

export const accessHandlers: Handlers<
  'v1.environment.settings.retrieve' | 'v1.environment.settings.update'
> = {
  'v1.environment.settings.retrieve': async (_, { app, scope }) => ({
    data: await findSettings(app.db.read, scope),
  }),
  'v1.environment.settings.update': async ({ body }, call) => ({
    data: await changeSettings(call, body),
  }),
}
