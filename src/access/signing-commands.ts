import type { App } from '../app.ts'
import { ConfigError } from '../config.ts'
import { publish } from '../events/index.ts'
import { instantToWire } from '../kernel/clock.ts'
import { badInput } from '../kernel/errors.ts'
import { newSigningSecret } from './secret.ts'
import { findSigning, saveSigning } from './signing-store.ts'
import { lockEnvironment, notifyKeyChange } from './store.ts'
import { openedSecret, sealedOtherwise, sealedSecret } from './stored-secrets.ts'
import type { Environment, SigningConfig } from './types.ts'

/**
 * Returns the signing secret of an environment, and creates it if necessary. `renew` creates a new
 * one, and tokens signed with the old one become invalid. Throws `ConfigError` if this machine
 * cannot decrypt the secret.
 */
export async function signingSecret(
  app: App,
  environment: Environment,
  { renew }: { renew: boolean },
): Promise<string> {
  const { environmentKey } = environment
  const known = renew ? null : await findSigning(app.db.read, environment)
  const sealed = known?.stored ?? (await sealedSecret(app, environmentKey, newSigningSecret()))
  const { stored } = await changing(app, environment, (before) => {
    if (before !== null && !renew) return before
    const createdAt = app.clock.now()
    return { stored: sealed, isEnforced: before?.isEnforced ?? false, createdAt }
  })
  const opened = await openedSecret(app, environmentKey, stored)
  if (opened === null) throw new ConfigError(sealedOtherwise(app.config, [environment.id]))
  return opened
}

/**
 * Sets whether publishable keys of an environment need a customer token. 400 if there is no signing
 * secret yet, because that would lock out every browser.
 */
export async function enforceSigning(
  app: App,
  environment: Environment,
  { isEnforced }: { isEnforced: boolean },
): Promise<void> {
  await changing(app, environment, (before) => {
    if (before === null) throw badInput(null, 'signing secret not found; create one first')
    return before.isEnforced === isEnforced ? before : { ...before, isEnforced }
  })
}

const changing = (
  app: App,
  environment: Environment,
  decide: (before: SigningConfig | null) => SigningConfig,
): Promise<SigningConfig> =>
  app.db.transaction(async (tx) => {
    await lockEnvironment(tx, environment)
    const before = await findSigning(tx, environment)
    const after = decide(before)
    if (after === before) return after
    await saveSigning(tx, environment, after)
    const now = app.clock.now()
    await publish(tx, { app, scope: environment, now, origin: app.origin }, [
      {
        type: 'environment.updated',
        customerKey: null,
        objectId: environment.id,
        before: shown(environment, before),
        after: shown(environment, after),
      },
    ])
    // The cache of keys contains the signing secrets of their environments.
    await notifyKeyChange(tx)
    return after
  })

/** Everything except the secret. */
const shown = ({ id }: Environment, signing: SigningConfig | null) => ({
  id,
  customerTokens: signing === null ? 'UNKNOWN' : signing.isEnforced ? 'REQUIRED' : 'OPTIONAL',
  signingSecretCreatedAt: signing && instantToWire(signing.createdAt),
})
