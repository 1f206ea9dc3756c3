import type { App } from '../app.ts'
import { inBody } from '../kernel/field.ts'
import type { Scope } from '../kernel/scope.ts'
import * as store from './integration-store.ts'
import { requireIntegrations } from './require-integrations.ts'
import type { Integration } from './types.ts'

/** More integrations than an environment can sensibly have. */
const LISTED = 1000

/**
 * Registers an integration of an environment. One that exists stays. 400
 * `UnsupportedVendorIdentifier` if the existing one has another vendor.
 */
export async function addIntegration(
  app: App,
  scope: Scope,
  integration: Integration,
): Promise<Integration> {
  const call = { app, scope, now: app.clock.now(), origin: app.origin }
  const stated = { integrations: [integration], fieldOf: () => inBody(), strict: false }
  await app.db.transaction((tx) => requireIntegrations(tx, call, stated))
  return integration
}

/** Returns the environment's integrations in the order of ids, at most 1,000. */
export const listIntegrations = (app: App, scope: Scope): Promise<Integration[]> =>
  store.listIntegrations(app.db.read, scope, LISTED)
