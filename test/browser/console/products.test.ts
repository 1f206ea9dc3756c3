import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fillFirst } from './fill-first.ts'
import { openConsole, world } from './open-console.ts'

const product = { id: 'assistant' }

const furnished = async () => {
  const tenant = await world.tenant()
  await tenant.ok('v1.products.createProduct', { body: { ...product, displayName: 'Assistant' } })
  return tenant
}

test('a product is created, changed, taken back, archived and unarchived', async (t) => {
  const tenant = await world.tenant()
  const page = await openConsole(t, { tenant, path: '/products' })
  await fillFirst(page, { empty: 'No products yet.', id: 'assistant', name: 'Assistant' })
  await page.getByLabel('Description').fill('Answers questions')
  await page.getByRole('button', { name: 'Create' }).click()
  await page.getByRole('heading', { name: 'Assistant', exact: true }).waitFor()
  await page.getByText('Answers questions').waitFor()
  await page.keyboard.press('e')
  await page.getByLabel('Name', { exact: true }).fill('Helper')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('heading', { name: 'Helper', exact: true }).waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByRole('heading', { name: 'Assistant', exact: true }).waitFor()
  await page.getByRole('button', { name: 'Archive', exact: true }).click()
  const dialog = page.getByRole('dialog', { name: 'Archive Assistant?' })
  await dialog.getByText('Drafts of those that were published are discarded').waitFor()
  await dialog.getByRole('button', { name: 'Archive' }).click()
  await page.getByText('Assistant is archived.').waitFor()
  await page.getByRole('button', { name: 'New plan' }).first().hover()
  await page.getByText('The product is archived. Unarchive it first.').waitFor()
  await page.getByRole('button', { name: 'Unarchive' }).click()
  await page.getByText('Assistant is active again.').waitFor()
  const { data } = await tenant.ok('v1.products.listProducts', {})
  assert.deepEqual(
    data.map(({ id, displayName, status }) => ({ id, displayName, status })),
    [{ id: 'assistant', displayName: 'Assistant', status: 'PUBLISHED' }],
  )
})

test('plans and add-ons of a product are created as drafts, and found by their status', async (t) => {
  const tenant = await furnished()
  const page = await openConsole(t, { tenant, path: '/products/assistant', expected: [400, 404] })
  await page.getByText('No add-ons yet.').waitFor()
  await fillFirst(page, { empty: 'No plans yet.', id: 'pro', name: 'Pro' })
  await page.getByLabel('Inherits from').fill('starter')
  await page.getByRole('button', { name: 'Create' }).click()
  await page.locator('[name=parentPlanId][aria-invalid=true]').waitFor()
  await page.getByLabel('Inherits from').fill('')
  await page.getByRole('button', { name: 'Create' }).click()
  await page.getByText('Pro was created, as a draft.').waitFor()
  await page.getByRole('heading', { name: 'Pro', exact: true }).waitFor()
  await page.getByRole('link', { name: 'assistant' }).click()
  const plans = page.getByRole('table', { name: 'Plans' })
  await plans.getByRole('row', { name: /Pro pro 1 draft paid/ }).waitFor()
  await page.keyboard.press('a')
  await page.getByLabel('Id', { exact: true }).fill('seats')
  await page.getByLabel('Name', { exact: true }).fill('More seats')
  await page.getByLabel('Maximum quantity').fill('many')
  await page.getByRole('button', { name: 'Create' }).click()
  await page.getByText('many is no number.').waitFor()
  await page.getByLabel('Maximum quantity').fill('10')
  await page.getByLabel('Pricing').selectOption('CUSTOM')
  await page.getByRole('button', { name: 'Create' }).click()
  await page.getByRole('heading', { name: 'More seats', exact: true }).waitFor()
  await page.getByRole('link', { name: 'assistant' }).click()
  await page
    .getByRole('table', { name: 'Add-ons' })
    .getByRole('row', { name: /More seats seats 1 draft custom/ })
    .waitFor()
  await tenant.ok('v1.plans.publish', {
    params: { id: 'pro' },
    body: { migrationType: 'NEW_CUSTOMERS' },
  })
  await tenant.ok('v1.plans.createDraft', { params: { id: 'pro' } })
  await page.keyboard.press('Shift+R')
  await plans.getByRole('row', { name: /Pro pro 2 draft/ }).waitFor()
  await plans.getByRole('row', { name: /Pro pro 1 published/ }).waitFor()
  await page.getByLabel('Versions').selectOption('archived')
  await page.getByText('No plan matches these filters.').waitFor()
  await page.getByText('No add-on matches these filters.').waitFor()
  await page.getByRole('button', { name: 'Clear filters' }).first().click()
  await page.getByLabel('Versions').selectOption('published')
  await plans.getByText('published').waitFor()
  assert.equal(await plans.getByText('draft', { exact: true }).count(), 0)
  const { data } = await tenant.ok('v1.addons.list', {})
  assert.deepEqual([data[0]?.maxQuantity, data[0]?.pricingType], [10, 'CUSTOM'])
})

test('the settings of a product name its published plans, and are shown in words', async (t) => {
  const tenant = await furnished()
  for (const [id, pricingType] of [
    ['pro', 'PAID'],
    ['free', 'FREE'],
  ] as const) {
    const body = { id, displayName: id, productId: product.id, pricingType }
    await tenant.ok('v1.plans.create', { body })
    await tenant.ok('v1.plans.publish', {
      params: { id },
      body: { migrationType: 'NEW_CUSTOMERS' },
    })
  }
  const page = await openConsole(t, { tenant, path: '/products/assistant', expected: [400] })
  await page.getByRole('button', { name: 'Edit settings' }).click()
  await page.getByLabel('New customers begin with').selectOption('TRIAL_PERIOD')
  await page.getByLabel('Plan at the start').fill('pro')
  await page.getByLabel('After the end', { exact: true }).selectOption('DOWNGRADE_TO_FREE')
  await page.getByLabel('Plan after the end').fill('pro')
  await page.getByLabel('Prorated at the end').selectOption('no')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.locator('[name="productSettings/downgradePlanId"][aria-invalid=true]').waitFor()
  await page.getByLabel('Plan after the end').fill('free')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('The settings of Assistant were changed.').waitFor()
  await page.getByText('a trial of a plan pro').waitFor()
  await page.getByText('a free plan free').waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByText('a choice of plans').waitFor()
})

test('an edit of a product that changed meanwhile overwrites nothing unseen', async (t) => {
  const tenant = await furnished()
  const page = await openConsole(t, { tenant, path: '/products/assistant', expected: [412] })
  await page.getByRole('button', { name: 'Edit', exact: true }).click()
  await page.getByLabel('Name', { exact: true }).fill('Mine')
  await tenant.ok('v1.products.updateProduct', { params: product, body: { displayName: 'Theirs' } })
  await page.getByRole('button', { name: 'Save' }).click()
  const alert = page.getByRole('alert')
  await alert.getByText(/Changed meanwhile\s+by key/).waitFor()
  await alert.getByText('Theirs').waitFor()
  await alert.getByText('Mine').waitFor()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('heading', { name: 'Mine', exact: true }).waitFor()
})

test('a copy of a product is opened, and an unknown product says so', async (t) => {
  const tenant = await furnished()
  const page = await openConsole(t, { tenant, path: '/products/assistant' })
  await page.getByRole('button', { name: 'Duplicate' }).click()
  await page.getByLabel('Id of the copy').fill('assistant-eu')
  await page.getByLabel('Name', { exact: true }).fill('Assistant EU')
  await page.getByRole('dialog').getByRole('button', { name: 'Duplicate' }).click()
  await page.getByRole('heading', { name: 'Assistant EU', exact: true }).waitFor()
  await page.goto(page.url().replace('assistant-eu', 'nothing'))
  await page.getByText('There is no product nothing.').waitFor()
  await page.getByRole('link', { name: 'All products' }).click()
  await page.getByRole('link', { name: 'Assistant EU' }).waitFor()
})
