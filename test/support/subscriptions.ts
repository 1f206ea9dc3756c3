import assert from 'node:assert/strict'
import type { Operations, Subscription } from '../../src/api.gen.ts'
import type { ExpectedRefusal, Tenant, World } from './world.ts'

type Body = Operations['v1.subscriptions.provision']['body']

const publication = { body: { migrationType: 'NEW_CUSTOMERS' } }

/** Plans and add-ons of the product `app`; the add-on `top` needs `more`. */
const PLANS = [
  { id: 'free', pricingType: 'FREE' },
  { id: 'basic', pricingType: 'PAID' },
  { id: 'pro', pricingType: 'PAID', parentPlanId: 'basic' },
  { id: 'other', pricingType: 'PAID' },
  { id: 'deal', pricingType: 'CUSTOM' },
  {
    id: 'tried',
    pricingType: 'PAID',
    defaultTrialConfig: { duration: 14, units: 'DAY', trialEndBehavior: 'CONVERT_TO_PAID' },
  },
  {
    id: 'passing',
    pricingType: 'PAID',
    defaultTrialConfig: { duration: 14, units: 'DAY', trialEndBehavior: 'CANCEL_SUBSCRIPTION' },
  },
] as const
const ADDONS = { compatibleAddonIds: ['more', 'top'] }

/**
 * Returns functions that subscribe the customers `acme` and `other` of a fresh environment to plans
 * of the products `app`, which has one subscription, and `sites`, which has one for each resource.
 */
export function subscriptionsIn(
  world: World,
  runDue: () => Promise<unknown> = () => world.bursar.jobs.runNow(),
) {
  let current: Tenant | null = null
  const tenant = (): Tenant => {
    assert.ok(current !== null)
    return current
  }
  const get = async (id: string): Promise<Subscription> =>
    (await tenant().ok('v1.subscriptions.retrieve', { params: { id } })).data
  const provision = async (body: Omit<Body, 'customerId'> & { customerId?: string }) =>
    (await tenant().ok('v1.subscriptions.provision', { body: { customerId: 'acme', ...body } }))
      .data
  return {
    tenant,
    get,
    provision,
    open: async (): Promise<Tenant> => {
      current = await world.tenant()
      await furnish(current)
      return current
    },
    update: async (id: string, body: object) =>
      (await tenant().ok('v1.subscriptions.update', { params: { id }, body })).data,
    cancel: async (id: string, body: object = {}) =>
      (await tenant().ok('v1.subscriptions.cancel', { params: { id }, body })).data,
    list: async (query: Record<string, string> = {}) =>
      (await tenant().ok('v1.subscriptions.list', { query: { limit: '100', ...query } })).data,
    /** The status of a subscription, with the reason of its end. */
    stateOf: async (id: string) => {
      const { status, cancelReason } = await get(id)
      return cancelReason === null ? status : `${status} ${cancelReason}`
    },
    refused: (
      body: object,
      code: string,
      status: ExpectedRefusal['status'] = 400,
    ): Promise<string> =>
      tenant().refused(
        'v1.subscriptions.provision',
        { body: { customerId: 'acme', planId: 'basic', ...body } },
        { status, code },
      ),
    /** Moves the clock to an instant of 2026, and does what is due. */
    goTo: async (at: string) => {
      world.clock.moveTo(Date.parse(at))
      await runDue()
    },
    /** The types of the events of subscriptions, each with the id, from the index `from` on. */
    announced: async (from = 0): Promise<string[]> =>
      (await tenant().announced())
        .filter(({ type }) => type.startsWith('subscription.'))
        .slice(from)
        .map(({ type, objectId }) => `${type.slice('subscription.'.length)} ${objectId}`),
    setJourney: (settings: object) =>
      tenant().ok('v1.products.updateProduct', {
        params: { id: 'app' },
        body: {
          productSettings: {
            subscriptionStartSetup: 'PLAN_SELECTION',
            subscriptionEndSetup: 'CANCEL_SUBSCRIPTION',
            subscriptionCancellationTime: 'IMMEDIATE',
            ...settings,
          },
        },
      }),
    ...tasksIn(world, tenant, runDue),
    /** Publishes the next version of a plan. */
    publishAgain: async (id: string, body: object = { displayName: 'again' }) => {
      await tenant().ok('v1.plans.createDraft', { params: { id } })
      await tenant().ok('v1.plans.update', { params: { id }, body })
      await tenant().ok('v1.plans.publish', { params: { id }, ...publication })
    },
  }
}

const tasksIn = (world: World, tenant: () => Tenant, runDue: () => Promise<unknown>) => ({
  /** Publishes a version that gives single sign-on, for all customers. Returns the task. */
  publishForAll: async (kind: 'plans' | 'addons', id: string): Promise<string> => {
    const draft = { params: { id } }
    await tenant().ok(`v1.${kind}.createDraft`, draft)
    await tenant().call(`v1.${kind}.entitlements.create`, {
      params: { [kind === 'plans' ? 'planId' : 'addonId']: id },
      body: { entitlements: [{ id: 'sso', type: 'FEATURE' }] },
    })
    const body = { migrationType: 'ALL_CUSTOMERS' }
    const { data } = await tenant().ok(`v1.${kind}.publish`, { ...draft, body })
    assert.ok(data.taskId !== null)
    return data.taskId
  },
  /** Does steps of a task, one each `everyMs`, until it has finished. Returns it. */
  finish: async (id: string, everyMs = 1) => {
    for (let steps = 0; steps < 100; steps += 1) {
      await runDue()
      const { data } = await tenant().ok('v1.tasks.retrieve', { params: { id } })
      if (data.finishedAt !== null) return data
      world.clock.moveTo(world.clock.now() + everyMs)
    }
    return assert.fail('a task does not finish')
  },
})

async function furnish(tenant: Tenant): Promise<void> {
  for (const id of ['acme', 'other', 'payer'])
    await tenant.ok('v1.customers.provision', { body: { id } })
  for (const [id, multipleSubscriptions] of [
    ['app', false],
    ['sites', true],
  ] as const)
    await tenant.ok('v1.products.createProduct', {
      body: { id, displayName: id, multipleSubscriptions },
    })
  const app = { productId: 'app', displayName: 'app' }
  for (const [id, body] of [
    ['more', { maxQuantity: 3 }],
    ['top', {}],
    ['alone', {}],
  ] as const) {
    await tenant.ok('v1.addons.create', { body: { id, ...app, pricingType: 'PAID', ...body } })
    if (id === 'top')
      await tenant.ok('v1.addons.update', { params: { id }, body: { dependencies: ['more'] } })
    await tenant.ok('v1.addons.publish', { params: { id }, ...publication })
  }
  for (const plan of PLANS) {
    await tenant.ok('v1.plans.create', { body: { ...app, ...plan } })
    const params = { id: plan.id }
    if (['basic', 'pro'].includes(plan.id))
      await tenant.ok('v1.plans.update', { params, body: ADDONS })
    await tenant.ok('v1.plans.publish', { params, ...publication })
  }
  const site = { productId: 'sites', displayName: 'site', pricingType: 'PAID' }
  for (const id of ['site', 'large-site']) {
    await tenant.ok('v1.plans.create', { body: { id, ...site } })
    await tenant.ok('v1.plans.publish', { params: { id }, ...publication })
  }
  await tenant.ok('v1.features.createFeature', {
    body: { id: 'sso', displayName: 'sso', featureType: 'BOOLEAN' },
  })
  await tenant.ok('v1.features.createFeature', {
    body: { id: 'calls', displayName: 'calls', featureType: 'NUMBER', meterType: 'INCREMENTAL' },
  })
}
