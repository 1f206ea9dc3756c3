import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Tenant } from '../../support/world.ts'
import { addressOf, openConsole, world } from './open-console.ts'

const publication = { body: { migrationType: 'NEW_CUSTOMERS' } } as const

/** The customer Acme, and a product with a free plan, a paid one and an add-on. */
async function furnished(): Promise<Tenant> {
  const tenant = await world.tenant()
  await tenant.ok('v1.customers.provision', { body: { id: 'acme', name: 'Acme' } })
  await tenant.ok('v1.features.createFeature', {
    body: {
      id: 'calls',
      displayName: 'Calls',
      featureType: 'NUMBER',
      meterType: 'INCREMENTAL',
    },
  })
  await tenant.ok('v1.products.createProduct', { body: { id: 'app', displayName: 'App' } })
  const terms = { productId: 'app', pricingType: 'PAID' } as const
  const gives = (usageLimit: number) => ({
    body: {
      entitlements: [{ id: 'calls', type: 'FEATURE', usageLimit, resetPeriod: 'MONTH' }],
    },
  })
  await tenant.ok('v1.addons.create', {
    body: { id: 'more', displayName: 'More', maxQuantity: 5, ...terms },
  })
  await tenant.ok('v1.addons.entitlements.create', { params: { addonId: 'more' }, ...gives(10) })
  await tenant.ok('v1.addons.publish', { params: { id: 'more' }, ...publication })
  await tenant.ok('v1.plans.create', {
    body: { id: 'free', displayName: 'Free', productId: 'app', pricingType: 'FREE' },
  })
  await tenant.ok('v1.plans.create', { body: { id: 'pro', displayName: 'Pro', ...terms } })
  await tenant.ok('v1.plans.update', {
    params: { id: 'pro' },
    body: { compatibleAddonIds: ['more'], parentPlanId: 'free' },
  })
  await tenant.ok('v1.plans.entitlements.create', { params: { planId: 'pro' }, ...gives(1000) })
  for (const id of ['free', 'pro'])
    await tenant.ok('v1.plans.publish', { params: { id }, ...publication })
  await tenant.ok('v1.products.updateProduct', {
    params: { id: 'app' },
    body: {
      productSettings: {
        subscriptionStartSetup: 'PLAN_SELECTION',
        subscriptionEndSetup: 'DOWNGRADE_TO_FREE',
        downgradePlanId: 'free',
        subscriptionCancellationTime: 'END_OF_BILLING_PERIOD',
      },
    },
  })
  return tenant
}

const subscribed = async (tenant: Tenant, body: object = {}) =>
  tenant.ok('v1.subscriptions.provision', {
    body: { customerId: 'acme', planId: 'pro', id: 'acme-pro', ...body },
  })
const stored = async (tenant: Tenant) =>
  (await tenant.ok('v1.subscriptions.retrieve', { params: { id: 'acme-pro' } })).data

test('a customer gets a plan, after what it grants was shown', async (t) => {
  const tenant = await furnished()
  const page = await openConsole(t, { tenant, path: '/customers/acme', expected: [400] })
  await page.getByRole('link', { name: 'Subscriptions' }).click()
  await page.getByText('This customer has no subscription.').waitFor()
  await page.keyboard.press('n')
  await page.getByText('Choose a plan to see what it gives.').waitFor()
  await page.getByLabel('Plan', { exact: true }).fill('pro')
  await page.locator('[name=id]').fill('acme-pro')
  const preview = page.getByRole('table', { name: 'It will give' })
  await preview.getByRole('row', { name: 'Calls calls 1,000 a month Pro' }).waitFor()
  await page.getByRole('button', { name: 'Add an add-on' }).click()
  await page.getByLabel('Units').fill('6')
  await preview.getByRole('row', { name: 'Calls calls 10 a month More × 6' }).waitFor()
  await page.getByRole('button', { name: 'Provision', exact: true }).click()
  await page.locator('[name="addons/0/quantity"][aria-invalid=true]').waitFor()
  await page.getByLabel('Units').fill('2')
  await page.getByRole('button', { name: 'Provision', exact: true }).click()
  await page.getByText('Acme has pro.').waitFor()
  await page.getByRole('heading', { name: 'Pro', exact: true }).waitFor()
  await page.getByText('a new billing period begins, of a month').waitFor()
  await page.getByText('it was created').waitFor()
  await page.getByRole('link', { name: 'Subscriptions' }).click()
  await page.getByRole('row', { name: /^Pro pro acme-pro active more × 2/ }).waitFor()
  await page.getByText('Nothing has ended yet.').waitFor()
  const { addons, billingPeriod } = await stored(tenant)
  assert.deepEqual([addons, billingPeriod], [[{ id: 'more', quantity: 2 }], 'MONTHLY'])
})

test('an update is scheduled, shown ahead, and given up', async (t) => {
  const tenant = await furnished()
  await subscribed(tenant)
  const path = '/customers/acme/subscriptions/acme-pro'
  const page = await openConsole(t, { tenant, path })
  await page.getByRole('button', { name: 'Give up scheduled' }).hover()
  await page.getByText('Nothing is scheduled.').first().waitFor()
  await page.getByRole('button', { name: 'Update' }).click()
  await page.getByRole('button', { name: 'Add an add-on' }).click()
  await page.getByLabel('Takes effect').selectOption('END_OF_BILLING_PERIOD')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('The subscription to Pro was changed.').waitFor()
  await page.getByRole('listitem').filter({ hasText: 'an add-on changes more' }).waitFor()
  assert.deepEqual((await stored(tenant)).addons, [])
  await page.getByRole('button', { name: 'Give up scheduled' }).click()
  await page.getByRole('dialog').getByText('an add-on changes').waitFor()
  await page.getByRole('button', { name: 'Give up', exact: true }).click()
  await page.getByText('What was scheduled is given up.').waitFor()
  await page.getByRole('listitem').filter({ hasText: 'given up' }).waitFor()
  await page.keyboard.press('e')
  await page.getByRole('button', { name: 'Add a label' }).click()
  await page.getByLabel('Name of the label').fill('team')
  await page.getByLabel('Value of team').fill('sales')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Label team').waitFor()
  assert.deepEqual((await stored(tenant)).metadata, { team: 'sales' })
})

test('a cancellation says what follows, and what is over cannot be changed', async (t) => {
  const tenant = await furnished()
  await subscribed(tenant)
  const path = '/customers/acme/subscriptions/acme-pro'
  const page = await openConsole(t, { tenant, path, expected: [400] })
  const cancel = async () => {
    await page.locator('main').getByRole('button', { name: 'Cancel subscription' }).click()
    await page.getByRole('dialog').getByText('The free plan free follows').waitFor()
  }
  const send = () =>
    page.getByRole('dialog').getByRole('button', { name: 'Cancel subscription' }).click()
  await cancel()
  await page.getByText('The product says: at the end of the billing period.').waitFor()
  await page.getByLabel('When').selectOption('SPECIFIC_DATE')
  await page.getByLabel('Date').fill('2020-01-01T00:00')
  await send()
  await page.locator('[name="endDate"][aria-invalid=true]').waitFor()
  await page.getByLabel('When').selectOption('')
  await send()
  await page.getByText('The subscription to Pro will be canceled.').waitFor()
  await page.getByRole('listitem').filter({ hasText: 'it is canceled' }).waitFor()
  await cancel()
  await page.getByLabel('When').selectOption('IMMEDIATE')
  await send()
  await page.getByText('The subscription to Pro is canceled.').waitFor()
  await page.getByText('canceled at once').first().waitFor()
  await page.getByRole('button', { name: 'Update' }).hover()
  await page.getByText('It has ended, and never changes again.').waitFor()
  await page.getByRole('link', { name: 'Subscriptions' }).click()
  const current = page.getByRole('table', { name: 'Subscriptions', exact: true })
  await current.getByRole('row', { name: /^Free free/ }).waitFor()
  await page.getByRole('table', { name: 'Past subscriptions' }).getByText('canceled').waitFor()
})

test('a trial ends when somebody says so, and is canceled only at once', async (t) => {
  const tenant = await furnished()
  await subscribed(tenant, {
    trialOverrideConfiguration: { isTrial: true, trialEndDate: '2999-01-01T00:00:00Z' },
  })
  const path = '/customers/acme/subscriptions/acme-pro'
  const page = await openConsole(t, { tenant, path })
  await page.getByText('the trial ends, and it is paid from then on').waitFor()
  await page.getByRole('button', { name: 'Cancel subscription' }).click()
  await page.getByText('A trial can only be canceled now.').waitFor()
  assert.equal(await page.getByLabel('When').count(), 0)
  await page.getByRole('button', { name: 'Keep it' }).click()
  await page.getByRole('button', { name: 'Update' }).click()
  await page.getByLabel('Trial until').fill('2020-01-01T00:00')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('active', { exact: true }).waitFor()
  assert.equal((await stored(tenant)).status, 'ACTIVE')
})

test('another customer pays for a subscription, until its own does again', async (t) => {
  const tenant = await furnished()
  await subscribed(tenant)
  await tenant.ok('v1.customers.provision', { body: { id: 'holding', name: 'Holding' } })
  const path = '/customers/acme/subscriptions/acme-pro'
  const page = await openConsole(t, { tenant, path, expected: [404] })
  const opener = page.locator('main').getByRole('button', { name: 'Delegate' })
  await opener.click()
  await page.getByText('Another customer pays from now on. Acme keeps what it gives.').waitFor()
  const submit = page.getByRole('dialog').getByRole('button', { name: 'Delegate' })
  await page.getByLabel('Who pays').fill('holding')
  await page.getByRole('dialog').getByText('Holding', { exact: true }).waitFor()
  await page.getByLabel('Who pays').fill('nobody')
  await submit.click()
  await page.locator('[name=targetCustomerId][aria-invalid=true]').waitFor()
  await page.getByLabel('Who pays').fill('holding')
  await submit.click()
  await page.getByText('holding pays for Pro now.').waitFor()
  assert.equal((await stored(tenant)).payingCustomerId, 'holding')
  await page.getByText('Paid by').waitFor()
  await opener.click()
  await page.getByText('holding pays for it now.').waitFor()
  await page.getByRole('button', { name: 'Let it pay itself' }).click()
  await page.getByText('Acme pays for Pro now.').waitFor()
  assert.equal((await stored(tenant)).payingCustomerId, null)
})

test('a subscription goes to another resource, and back', async (t) => {
  const tenant = await furnished()
  await subscribed(tenant)
  await tenant.ok('v1.products.createProduct', {
    body: { id: 'sites', displayName: 'Sites', multipleSubscriptions: true },
  })
  await tenant.ok('v1.plans.create', {
    body: { id: 'site', displayName: 'Site', productId: 'sites', pricingType: 'PAID' },
  })
  await tenant.ok('v1.plans.publish', { params: { id: 'site' }, ...publication })
  await subscribed(tenant, { id: 'acme-site', planId: 'site', resourceId: 'one' })
  const of = (id: string) => `/customers/acme/subscriptions/${id}`
  const page = await openConsole(t, { tenant, path: of('acme-site') })
  await page.locator('main').getByRole('button', { name: 'Transfer' }).click()
  const dialog = page.getByRole('dialog', { name: 'Transfer Site' })
  const submit = dialog.getByRole('button', { name: 'Transfer' })
  await dialog.getByText('Usage stays with the resource for which it was reported.').waitFor()
  await dialog.getByLabel('Resource').fill('one')
  await submit.click()
  await dialog.getByText('It is for this resource.').waitFor()
  await dialog.getByLabel('Resource').fill('two')
  await submit.click()
  await page.getByText('The subscription to Site is for two now.').waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByText('Undone.').waitFor()
  const { data } = await tenant.ok('v1.subscriptions.retrieve', { params: { id: 'acme-site' } })
  assert.equal(data.resourceId, 'one')
  await page.goto(addressOf(tenant, of('acme-pro')))
  await page.locator('main').getByRole('button', { name: 'Transfer' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Transfer' }).hover()
  await page.getByText('A customer has only one subscription to this product').waitFor()
})

test('a subscription gets a limit of its own, and the one of its plan back', async (t) => {
  const tenant = await furnished()
  await subscribed(tenant, { entitlements: [{ id: 'calls', type: 'FEATURE', usageLimit: 5 }] })
  const path = '/customers/acme/subscriptions/acme-pro'
  const page = await openConsole(t, { tenant, path, expected: [404] })
  const limits = page.getByRole('table', { name: 'Own limits' })
  await limits.getByRole('row', { name: /calls.*5/ }).waitFor()
  await limits.getByRole('button', { name: 'Edit calls' }).click()
  const dialog = page.getByRole('dialog', { name: 'Own limit of Calls' })
  await dialog.getByLabel('Limit', { exact: true }).fill('many')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.getByText('many is no number.').waitFor()
  await dialog.getByLabel('Limit', { exact: true }).fill('7')
  await dialog.getByLabel('Usage starts again').selectOption('MONTH')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await limits.getByText('7 a month').waitFor()
  const limit = async () => {
    const request = { params: { id: 'acme' }, query: { featureId: 'calls' } }
    const { data } = await tenant.ok('v1.customers.checkEntitlement', request)
    return data.type === 'FEATURE' ? data.usageLimit : null
  }
  assert.equal(await limit(), 7)
  await limits.getByRole('button', { name: 'Remove calls' }).click()
  await page.getByText('It has what its plan and its add-ons give.').waitFor()
  assert.equal(await limit(), 1000)
  await page.getByRole('button', { name: 'Undo' }).first().click()
  await limits.getByText('7 a month').waitFor()
  await page.getByRole('button', { name: 'Add own limit' }).click()
  const adding = page.getByRole('dialog', { name: 'Add own limit' })
  await adding.getByLabel('Feature', { exact: true }).fill('nothing')
  await adding.getByRole('button', { name: 'Save' }).click()
  await adding.getByText('not found').waitFor()
})
