import type { Tx } from '../db/index.ts'
import { type PublishContext, publish } from '../events/index.ts'
import { badInput, notFound } from '../kernel/errors.ts'
import * as store from './integration-store.ts'
import type { Integration } from './types.ts'

/**
 * Sees to it that integrations exist in the environment and are of the vendors given. An unknown
 * one is registered, or when `strict` refused with 404 `IntegrationNotFound`; 400
 * `UnsupportedVendorIdentifier` for another vendor than the registered one.
 */
export async function requireIntegrations(
  tx: Tx,
  call: PublishContext,
  stated: { integrations: readonly Integration[]; strict: boolean },
): Promise<void> {
  const { integrations: wanted, strict } = stated
  if (wanted.length === 0) return
  const { scope, now } = call
  const ids = wanted.map(({ id }) => id)
  // Who loses a race for an id waits in the first statement; the second one then sees the winner.
  const [made, known] = await Promise.all([
    strict ? [] : store.registerIntegrations(tx, scope, { integrations: wanted, now }),
    store.findIntegrations(tx, scope, ids),
  ])
  refuseMismatches(wanted, known)
  await publish(
    tx,
    call,
    made.map((integration) => ({
      type: 'integration.created',
      customerKey: null,
      objectId: integration.id,
      before: null,
      after: integration,
    })),
  )
}

function refuseMismatches(wanted: readonly Integration[], known: readonly Integration[]): void {
  const vendors = new Map(known.map(({ id, vendor }) => [id, vendor]))
  for (const { id, vendor } of wanted) {
    const registered = vendors.get(id)
    if (registered === undefined)
      throw notFound('IntegrationNotFound', `integrations: integration ${id} not found`)
    if (registered !== vendor)
      throw badInput(
        `vendorIdentifier: the integration ${id} is of ${registered}, not ${vendor}`,
        'UnsupportedVendorIdentifier',
      )
  }
}
