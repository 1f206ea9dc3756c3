import type { App } from '../app.ts'
import type { Tx } from '../db/index.ts'
import { publish } from '../events/index.ts'
import { required } from '../kernel/assert.ts'
import { badInput } from '../kernel/errors.ts'
import { type IfMatch, refuseOutdated } from '../kernel/etag.ts'
import { inBody } from '../kernel/field.ts'
import type { Origin } from '../kernel/origin.ts'
import { sent } from '../kernel/patch.ts'
import type { Scope } from '../kernel/scope.ts'
import { ORIGINS_LIMIT, originOf } from './origins.ts'
import { findSettings, saveSettings } from './settings-store.ts'
import { findEnvironmentsByKey, lockEnvironment, notifyKeyChange } from './store.ts'
import type { Settings } from './types.ts'

/** Settings to change. Absent ones keep their values. */
export type SettingsInput = {
  unknownDimensions?: Settings['unknownDimensions'] | undefined
  allowedOrigins?: readonly string[] | undefined
}

type SettingsCall = { app: App; scope: Scope; origin: Origin; ifMatch?: IfMatch | null }

/** Changes the settings of an environment. 400 for an invalid origin, and for too many origins. */
export async function changeSettings(
  { app, scope, origin, ifMatch = null }: SettingsCall,
  input: SettingsInput,
): Promise<Settings> {
  const origins = input.allowedOrigins && originsOf(input.allowedOrigins)
  const work = async (tx: Tx) => {
    await lockEnvironment(tx, scope)
    const before = await findSettings(tx, scope)
    refuseOutdated({ ifMatch }, () => before)
    const after: Settings = {
      unknownDimensions: sent(input.unknownDimensions, before.unknownDimensions),
      allowedOrigins: sent(origins, before.allowedOrigins),
    }
    if (JSON.stringify(after) === JSON.stringify(before)) return before
    const [environment] = await findEnvironmentsByKey(tx, [scope.environmentKey])
    const { id } = required(environment, 'the environment of a call')
    await saveSettings(tx, scope, after)
    await publish(tx, { app, scope, now: app.clock.now(), origin }, [
      {
        type: 'environment.updated',
        customerKey: null,
        objectId: id,
        before: { id, ...before },
        after: { id, ...after },
      },
    ])
    // The cache of keys contains the origins of their environments.
    await notifyKeyChange(tx)
    return after
  }
  return app.db.transaction(work)
}

/** Ascending, without duplicates. */
function originsOf(texts: readonly string[]): string[] {
  if (texts.length > ORIGINS_LIMIT)
    throw badInput(
      inBody('allowedOrigins'),
      `allowedOrigins must have at most ${ORIGINS_LIMIT} origins`,
    )
  const origins = texts.map((text, index) => {
    const origin = originOf(text)
    if (origin !== null) return origin
    throw badInput(
      inBody('allowedOrigins', index),
      `allowedOrigins[${index}] must be an origin such as https://app.example.com: ` +
        'http or https, a host, and an optional port',
    )
  })
  return [...new Set(origins)].sort()
}
