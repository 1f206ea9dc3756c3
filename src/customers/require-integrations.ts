import type { Tx } from '../db/index.ts'
import { type PublishContext, publish } from '../events/index.ts'
import { badInput, notFound } from '../kernel/errors.ts'
import type { Field } from '../kernel/field.ts'
import * as store from './integration-store.ts'
import type { Integration } from './types.ts'

type StatedIntegrations = {
  integrations: readonly Integration[]
  /** The field that states an integration, by its index. */
  fieldOf: (index: number) => Field
  strict: boolean
}

/**
 * Makes sure that integrations exist in the environment and have the given vendors. An unknown one
 * is registered, or refused with 404 `IntegrationNotFound` if `strict`. 400
 * `UnsupportedVendorIdentifier` if the registered vendor differs.
 */
export async function requireIntegrations(
  tx: Tx,
  call: PublishContext,
  stated: StatedIntegrations,
): Promise<void> {
  const { integrations: wanted, strict } = stated
  if (wanted.length === 0) return
  const { scope, now } = call
  const ids = wanted.map(({ id }) => id)
  // If another transaction registers the same id, the first statement waits for it. Then the second
  // one sees its row.
  const [made, known] = await Promise.all([
    strict ? [] : store.registerIntegrations(tx, scope, { integrations: wanted, now }),
    store.findIntegrations(tx, scope, ids),
  ])
  refuseMismatches(stated, known)
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

function refuseMismatches(
  { integrations: wanted, fieldOf }: StatedIntegrations,
  known: readonly Integration[],
): void {
  const vendors = new Map(known.map(({ id, vendor }) => [id, vendor]))
  for (const [index, { id, vendor }] of wanted.entries()) {
    const registered = vendors.get(id)
    if (registered === undefined)
      throw notFound(
        fieldOf(index).at('id'),
        'IntegrationNotFound',
        `integrations: integration ${id} not found`,
      )
    if (registered !== vendor)
      throw badInput(
        fieldOf(index).at('vendorIdentifier'),
        `vendorIdentifier: the integration ${id} has the vendor ${registered}, not ${vendor}`,
        'UnsupportedVendorIdentifier',
      )
  }
}
