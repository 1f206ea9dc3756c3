import type { OperationId } from '../../src/api.gen.ts'
import type { Request } from '../support/contract-client.ts'
import type { subscriptionsIn } from '../support/subscriptions.ts'
import { furnishPackageRefusals, packageRefusals } from './refused-packages.ts'
import { furnishSubscriptionRefusals, subscriptionRefusals } from './refused-subscriptions.ts'

/** All of these requests, by the operation. */
export const refusedCalls = new Map<string, Record<string, Request>>()
for (const calls of [...packageRefusals, ...subscriptionRefusals])
  for (const [id, requests] of Object.entries(calls))
    refusedCalls.set(id, { ...refusedCalls.get(id), ...requests })

/** Codes of refusals that no request can reach yet, or only a large one: where they are tested. */
export const TESTED_ELSEWHERE: { readonly [Id in OperationId]?: Readonly<Record<string, string>> } =
  {
    'v1.products.archiveProduct': { BadUserInput: 'test/api/metadata-together.test.ts' },
    'v1.products.duplicateProduct': { BadUserInput: 'test/api/metadata-together.test.ts' },
    'v1.plans.createDraft': {
      VersionExceedsMaxValueError: 'src/catalog/packages/change-versions.test.ts',
    },
    'v1.addons.createDraft': {
      VersionExceedsMaxValueError: 'src/catalog/packages/change-versions.test.ts',
    },
    'v1.subscriptions.provision': {
      TooManySubscriptionsPerCustomer: 'src/subscriptions/provision-subscription.test.ts',
      InvalidSubscriptionStatus: 'src/subscriptions/update-subscription.test.ts',
    },
    'v1.subscriptions.import': {
      ImportAlreadyInProgress: 'src/subscriptions/import-subscriptions.test.ts',
      VendorIsNotSupported: 'src/customers/import.test.ts',
    },
    'v1.subscriptions.migrate': {
      InvalidArgumentError: 'src/subscriptions/migrate-subscription.test.ts',
    },
  }

/** Creates what the requests need. */
export async function furnishRefusals(to: ReturnType<typeof subscriptionsIn>): Promise<void> {
  const tenant = await to.open()
  await furnishPackageRefusals(tenant)
  await furnishSubscriptionRefusals(to)
}
