import assert from 'node:assert/strict'
import { test } from 'node:test'
import { furnishTask } from '../../api/subscription-calls.ts'
import type { Tenant } from '../../support/world.ts'
import { openConsole, world } from './open-console.ts'

const publication = { body: { migrationType: 'NEW_CUSTOMERS' } } as const

/** The customer Acme has Pro, which inherits from Basic and gives single sign-on in its draft. */
async function furnished(): Promise<Tenant> {
  const tenant = await world.tenant()
  await tenant.ok('v1.customers.provision', { body: { id: 'acme', name: 'Acme' } })
  await tenant.ok('v1.features.createFeature', {
    body: { id: 'sso', displayName: 'Single sign-on', featureType: 'BOOLEAN' },
  })
  await tenant.ok('v1.products.createProduct', { body: { id: 'app', displayName: 'App' } })
  const terms = { productId: 'app', pricingType: 'PAID' } as const
  for (const [id, displayName, parentPlanId] of [
    ['basic', 'Basic', null],
    ['pro', 'Pro', 'basic'],
  ] as const) {
    const body = { id, displayName, ...terms, ...(parentPlanId && { parentPlanId }) }
    await tenant.ok('v1.plans.create', { body })
    await tenant.ok('v1.plans.publish', { params: { id }, ...publication })
  }
  await tenant.ok('v1.subscriptions.provision', {
    body: { customerId: 'acme', planId: 'pro', id: 'acme-pro' },
  })
  await tenant.ok('v1.plans.createDraft', { params: { id: 'pro' } })
  await tenant.ok('v1.plans.entitlements.create', {
    params: { planId: 'pro' },
    body: { entitlements: [{ id: 'sso', type: 'FEATURE' }] },
  })
  return tenant
}

const hasSso = async (tenant: Tenant): Promise<boolean> => {
  const request = { params: { id: 'acme' }, query: { featureId: 'sso' } }
  return (await tenant.ok('v1.customers.checkEntitlement', request)).data.isGranted
}

test('a task says how far it is and what has failed, and is canceled after a question', async (t) => {
  const tenant = await world.tenant()
  const id = await furnishTask(tenant, 'It was locked.')
  const page = await openConsole(t, { tenant, path: '/home' })
  await page.clock.install()
  await page.getByRole('link', { name: 'Tasks' }).click()
  const row = page.getByRole('row', { name: /^Subscriptions move to a new version Plan/ })
  await row.getByText('1 of 3 customers done, 1 failed').waitFor()
  await row.getByText(', version 2').waitFor()
  await row.getByRole('link').first().click()
  await page.getByRole('progressbar', { name: '1 of 3 customers done, 1 failed' }).waitFor()
  await page.getByRole('table', { name: 'Failed' }).getByText('It was locked.').waitFor()
  await page.getByRole('button', { name: 'Cancel task' }).click()
  const dialog = page.getByRole('dialog', { name: 'Cancel the task?' })
  await dialog.getByText('Customers that were moved stay moved').waitFor()
  await dialog.getByText('At least 1 customer moved.').waitFor()
  await dialog.getByRole('button', { name: 'Let it go on' }).click()
  await tenant.ok('v1.tasks.cancel', { params: { id } })
  // An open task is read again every five seconds.
  await page.clock.fastForward(5000)
  await page.getByText('canceled', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Cancel task' }).hover()
  await page.getByText('It has ended, and never changes again.').waitFor()
})

test('a task is canceled by its button, and a role that may not cancel sees why', async (t) => {
  const tenant = await world.tenant()
  const id = await furnishTask(tenant, 'It was locked.')
  const path = `/tasks/${id}`
  const reader = await openConsole(t, { tenant, path, key: await tenant.newKey('read-only') })
  await reader.getByRole('button', { name: 'Cancel task' }).hover()
  await reader.getByText('lacks the permission tasks:write').waitFor()
  const page = await openConsole(t, { tenant, path })
  await page.getByRole('button', { name: 'Cancel task' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel task' }).click()
  await page.getByText('The task is canceled.').waitFor()
  const { data } = await tenant.ok('v1.tasks.retrieve', { params: { id } })
  assert.equal(data.status, 'CANCELED')
})

test('a publication for all says whom it concerns, and leads to the task that moves them', async (t) => {
  const tenant = await furnished()
  const page = await openConsole(t, { tenant, path: '/plans/pro' })
  await page.getByRole('button', { name: 'Publish' }).click()
  const dialog = page.getByRole('dialog', { name: 'Publish version 2 of Pro?' })
  await dialog.getByText('Subscriptions that exist stay on their version.').waitFor()
  await dialog.getByText('1 subscription to the plan is in force.').waitFor()
  await dialog.getByLabel('Who gets it').selectOption('ALL_CUSTOMERS')
  await dialog.getByText('None of them goes back to its earlier version.').waitFor()
  await dialog.getByRole('button', { name: 'Publish' }).click()
  await page.getByRole('heading', { name: 'Subscriptions move to a new version' }).waitFor()
  await page.getByRole('progressbar', { name: '0 customers counted so far' }).waitFor()
  const [task] = (await tenant.ok('v1.tasks.list')).data
  assert.ok(new URL(page.url()).pathname.endsWith(`/tasks/${task?.id}`))
  await page.getByText(', version 2').waitFor()
  await page.locator('main').getByRole('link', { name: 'pro' }).click()
  await page.getByRole('heading', { name: 'Pro' }).first().waitFor()
})

test('a publication of a parent concerns the plans that inherit from it', async (t) => {
  const tenant = await furnished()
  await tenant.ok('v1.plans.createDraft', { params: { id: 'basic' } })
  const page = await openConsole(t, { tenant, path: '/plans/basic' })
  await page.getByRole('button', { name: 'Publish' }).click()
  const dialog = page.getByRole('dialog', { name: 'Publish version 2 of Basic?' })
  await dialog
    .getByText('0 subscriptions to the plan are in force. Those to Pro, which inherit from it')
    .waitFor()
})

test('a subscription is migrated after what it will give was shown, and not twice', async (t) => {
  const tenant = await furnished()
  const path = '/customers/acme/subscriptions/acme-pro'
  const page = await openConsole(t, { tenant, path, expected: [400] })
  await tenant.ok('v1.plans.publish', { params: { id: 'pro' }, ...publication })
  const dialog = page.getByRole('dialog', { name: 'Migrate Pro?' })
  const open = async () => {
    await page.locator('main').getByRole('button', { name: 'Migrate' }).click()
    await dialog.getByRole('row', { name: 'Single sign-on sso yes Pro' }).waitFor()
  }
  await open()
  await dialog.getByLabel('When').selectOption('END_OF_BILLING_PERIOD')
  await dialog.getByText('What is published until then counts too.').waitFor()
  await dialog.getByLabel('When').selectOption('IMMEDIATE')
  await dialog.getByRole('button', { name: 'Migrate' }).click()
  await page.getByText('The subscription to Pro has the newest versions.').waitFor()
  assert.equal(await hasSso(tenant), true)
  await open()
  await dialog.getByRole('button', { name: 'Migrate' }).click()
  await dialog.getByText('has the newest versions already').waitFor()
})

test('a migration that is scheduled is shown ahead, and not scheduled again', async (t) => {
  const tenant = await furnished()
  await tenant.ok('v1.plans.publish', { params: { id: 'pro' }, ...publication })
  const path = '/customers/acme/subscriptions/acme-pro'
  const page = await openConsole(t, { tenant, path })
  await page.getByRole('button', { name: 'Migrate' }).click()
  await page.getByLabel('When').selectOption('END_OF_BILLING_PERIOD')
  await page.getByRole('dialog').getByRole('button', { name: 'Migrate' }).click()
  await page.getByText('The subscription to Pro will get the newest versions.').waitFor()
  await page.locator('main').getByRole('button', { name: 'Migrate' }).hover()
  await page.getByText('It is going to be migrated already.').waitFor()
  assert.equal(await hasSso(tenant), false)
})

test('an import is a task of rows, about no package', async (t) => {
  const tenant = await furnished()
  const row = { id: 'imported', customerId: 'acme', planId: 'pro' }
  const { data } = await tenant.ok('v1.subscriptions.import', { body: { subscriptions: [row] } })
  const page = await openConsole(t, { tenant, path: '/tasks' })
  await page.getByRole('row', { name: /^Subscriptions are imported/ }).waitFor()
  await page.goto(page.url().replace(/tasks$/, `tasks/${data.taskId}`))
  await page.getByRole('heading', { name: 'Subscriptions are imported' }).waitFor()
  await page.getByRole('progressbar', { name: '0 rows counted so far' }).waitFor()
  assert.equal(await page.getByText('Moves to').count(), 0)
  await page.getByRole('button', { name: 'Cancel task' }).click()
  await page.getByRole('dialog').getByText('The other rows can be imported again.').waitFor()
})
