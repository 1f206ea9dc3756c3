import type { App } from '../app.ts'
import { outboxPurge } from '../events/index.ts'
import { schedulePurge } from '../jobs/index.ts'
import { required } from '../kernel/assert.ts'
import { badInput, duplicated } from '../kernel/errors.ts'
import { inBody } from '../kernel/field.ts'
import { publishChange } from './publish-change.ts'
import * as store from './store.ts'
import type { Environment, EnvironmentType } from './types.ts'

const DEFAULT_ID = 'default'
const ID_FORM = /^[a-zA-Z0-9][a-zA-Z0-9_|.-]{0,254}$/

export type NewEnvironment = {
  accountId?: string
  id: string
  displayName?: string
  type?: EnvironmentType
}

/** Creates an environment, and its account if necessary. 409 if the id is taken. */
export async function createEnvironment(app: App, input: NewEnvironment): Promise<Environment> {
  for (const id of [input.id, input.accountId ?? DEFAULT_ID])
    if (!ID_FORM.test(id)) throw badInput(null, `${JSON.stringify(id)} is not a valid id`)
  const environment = await ensureEnvironment(app, input)
  if (!environment.made) throw duplicated(inBody('id'), `environment ${input.id} already exists`)
  return environment
}

/** Returns the environment of a new installation, and creates it if necessary. */
export const ensureDefaultEnvironment = (app: App): Promise<Environment> =>
  ensureEnvironment(app, { id: DEFAULT_ID, displayName: 'Default', type: 'PRODUCTION' })

async function ensureEnvironment(
  app: App,
  input: NewEnvironment,
): Promise<Environment & { made: boolean }> {
  const now = app.clock.now()
  const environment: Environment = {
    environmentKey: app.ids.next(now),
    accountId: input.accountId ?? DEFAULT_ID,
    id: input.id,
    displayName: input.displayName ?? input.id,
    type: input.type ?? 'DEVELOPMENT',
  }
  return app.db.transaction(async (tx) => {
    await store.insertAccount(tx, { key: app.ids.next(now), id: environment.accountId, now })
    if ((await store.insertEnvironment(tx, environment, now)) === 1) {
      await schedulePurge(tx, app, outboxPurge, environment)
      await publishChange(tx, app, environment, {
        type: 'environment.created',
        objectId: environment.id,
        before: null,
        after: { id: environment.id, accountId: environment.accountId, type: environment.type },
      })
      return { ...environment, made: true }
    }
    const found = required(await store.findEnvironment(tx, input.id), 'an environment just seen')
    return { ...found, made: false }
  })
}
