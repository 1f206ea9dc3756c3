import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Tenant } from '../../support/world.ts'
import { openConsole, world } from './open-console.ts'

const plan = { params: { id: 'pro' } }
const addon = { params: { id: 'seats' } }
const publication = { body: { migrationType: 'NEW_CUSTOMERS' } } as const

/** A product with the plans Basic and Pro and the add-ons Seats and Support, all published. */
async function furnished(): Promise<Tenant> {
  const tenant = await world.tenant()
  const terms = { productId: 'assistant', pricingType: 'PAID' } as const
  await tenant.ok('v1.products.createProduct', {
    body: { id: 'assistant', displayName: 'Assistant' },
  })
  for (const name of ['Basic', 'Pro']) {
    const id = name.toLowerCase()
    await tenant.ok('v1.plans.create', { body: { id, displayName: name, ...terms } })
    await tenant.ok('v1.plans.publish', { params: { id }, ...publication })
  }
  for (const name of ['Seats', 'Support']) {
    const id = name.toLowerCase()
    await tenant.ok('v1.addons.create', { body: { id, displayName: name, ...terms } })
    await tenant.ok('v1.addons.publish', { params: { id }, ...publication })
  }
  return tenant
}

test('a draft of a plan is opened, changed, compared, and published for all', async (t) => {
  const tenant = await furnished()
  const page = await openConsole(t, { tenant, path: '/plans/pro' })
  await page.getByRole('button', { name: 'Publish' }).hover()
  await page.getByText('There is no draft. Open one first.').waitFor()
  await page.getByRole('button', { name: 'Open draft' }).click()
  await page.getByText('Version 2 of Pro is a draft.').waitFor()
  await page.getByRole('button', { name: 'Open draft' }).waitFor({ state: 'hidden' })
  await page.keyboard.press('e')
  await page.getByLabel('Name', { exact: true }).fill('Pro plus')
  await page.getByLabel('Inherits from').fill('basic')
  await page.getByText('Basic', { exact: true }).waitFor()
  await page.getByLabel('Seats').check()
  await page.getByLabel('Offers a trial').check()
  await page.getByLabel('It lasts').fill('a week')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('a week is no number.').waitFor()
  await page.getByLabel('It lasts').fill('7')
  await page.getByLabel('After the trial').selectOption('CONVERT_TO_PAID')
  await page.getByLabel('Limit of money').fill('20')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('The draft of Pro plus was changed.').waitFor()
  const versions = page.getByRole('table', { name: 'Versions' })
  await versions.getByRole('row', { name: 'Name differs Pro Pro plus' }).waitFor()
  await versions.getByRole('row', { name: 'Inherits from differs — Basic basic' }).waitFor()
  await versions.getByRole('row', { name: 'Pricing paid paid' }).waitFor()
  await page.keyboard.press('p')
  const dialog = page.getByRole('dialog', { name: 'Publish version 2 of Pro plus?' })
  for (const text of [
    'What changes against version 1, which is published.',
    'was Pro',
    'becomes Pro plus',
    'adds Basic',
    'adds Seats',
    'is 7 days, then it is paid; 20 may be spent at most',
  ])
    await dialog.getByText(text).first().waitFor()
  assert.equal(await dialog.locator('dt').count(), 4)
  await dialog.getByText('Subscriptions that exist stay on their version').waitFor()
  await dialog.getByRole('button', { name: 'Publish' }).click()
  await page.getByText('Version 2 of Pro plus is published.').waitFor()
  await page.getByRole('heading', { name: 'Pro plus', exact: true }).waitFor()
  const { data } = await tenant.ok('v1.plans.retrieve', plan)
  assert.deepEqual(
    [data.versionNumber, data.parentPlanId, data.compatibleAddonIds, data.defaultTrialConfig],
    [
      2,
      'basic',
      ['seats'],
      {
        duration: 7,
        units: 'DAY',
        trialEndBehavior: 'CONVERT_TO_PAID',
        budget: { limit: 20, hasSoftLimit: false },
      },
    ],
  )
})

test('an add-on needs others, and a change of its draft can be undone', async (t) => {
  const tenant = await furnished()
  await tenant.ok('v1.addons.createDraft', addon)
  const page = await openConsole(t, { tenant, path: '/add-ons/seats' })
  await page.getByRole('button', { name: 'Edit draft' }).click()
  await page.getByLabel('Maximum quantity').fill('5')
  assert.equal(await page.getByRole('dialog').getByLabel('Seats').count(), 0)
  await page.getByLabel('Support').check()
  await page.getByRole('button', { name: 'Save' }).click()
  const versions = page.getByRole('table', { name: 'Versions' })
  await versions.getByRole('row', { name: 'Maximum quantity differs no limit 5' }).waitFor()
  await versions.getByRole('row', { name: 'Needs differs — Support support' }).waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByText('Undone.').waitFor()
  await versions.getByText('differs').first().waitFor({ state: 'hidden' })
  await page.keyboard.press('p')
  await page.getByText('Nothing differs from the published version.').waitFor()
})

test('a draft is discarded, and an add-on that was never published goes with it', async (t) => {
  const tenant = await furnished()
  await tenant.ok('v1.plans.createDraft', plan)
  await tenant.ok('v1.addons.create', {
    body: { id: 'new', displayName: 'New', productId: 'assistant' },
  })
  // The view of what is gone may read once more before it is left.
  const page = await openConsole(t, { tenant, path: '/plans/pro', expected: [404] })
  await page.getByRole('button', { name: 'Archive' }).hover()
  await page.getByText('It has a draft. Publish or discard that first.').waitFor()
  await page.getByRole('button', { name: 'Discard draft' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Discard' }).click()
  await page.getByText('The draft of Pro was discarded.').waitFor()
  await page.getByRole('button', { name: 'Open draft' }).waitFor()
  await page.getByRole('link', { name: 'assistant' }).click()
  await page.getByRole('link', { name: 'New' }).click()
  await page.getByRole('button', { name: 'Discard draft' }).click()
  await page.getByText('so nothing of it is left').waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Discard' }).click()
  await page.getByRole('heading', { name: 'Assistant', exact: true }).waitFor()
  await page.getByRole('link', { name: 'New' }).waitFor({ state: 'hidden' })
})

test('a plan that others inherit from is not archived, and one that is archived stays so', async (t) => {
  const tenant = await furnished()
  await tenant.ok('v1.plans.createDraft', plan)
  await tenant.ok('v1.plans.update', { ...plan, body: { parentPlanId: 'basic' } })
  const page = await openConsole(t, { tenant, path: '/plans/basic', expected: [400] })
  await page.getByRole('button', { name: 'Archive' }).click()
  const dialog = page.getByRole('dialog', { name: 'Archive Basic?' })
  await dialog.getByRole('button', { name: 'Archive' }).click()
  await dialog.getByText('the plans pro inherit from basic').waitFor()
  await tenant.ok('v1.plans.removeDraft', plan)
  await dialog.getByRole('button', { name: 'Archive' }).click()
  await page.getByText('Basic is archived.').waitFor()
  await page.getByRole('button', { name: 'Open draft' }).hover()
  await page.getByText('Unarchiving its product restores it').waitFor()
})

test('an edit of a draft that changed meanwhile overwrites nothing unseen', async (t) => {
  const tenant = await furnished()
  await tenant.ok('v1.plans.createDraft', plan)
  const page = await openConsole(t, { tenant, path: '/plans/pro', expected: [412] })
  await page.getByRole('button', { name: 'Edit draft' }).click()
  const field = page.getByLabel('Name', { exact: true })
  await field.fill('Mine')
  await tenant.ok('v1.plans.update', { ...plan, body: { displayName: 'Theirs' } })
  await page.getByRole('button', { name: 'Save' }).click()
  const alert = page.getByRole('alert')
  await alert.getByText(/Changed meanwhile\s+by key/).waitFor()
  await alert.getByText('Theirs').waitFor()
  assert.equal(await field.inputValue(), 'Mine')
  const stored = async () =>
    (await tenant.ok('v1.plans.retrieve', { ...plan, query: { draft: 'true' } })).data.displayName
  assert.equal(await stored(), 'Theirs')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('The draft of Mine was changed.').waitFor()
  assert.equal(await stored(), 'Mine')
})

test('what others change in a draft is told before it is published', async (t) => {
  const tenant = await furnished()
  await tenant.ok('v1.plans.createDraft', plan)
  const page = await openConsole(t, { tenant, path: '/plans/pro' })
  await page.clock.install()
  await page.getByRole('button', { name: 'Publish' }).click()
  await page.getByText('Nothing differs from the published version.').waitFor()
  await tenant.ok('v1.plans.update', { ...plan, body: { description: 'For teams' } })
  await page.clock.fastForward(5000)
  await page.getByRole('dialog').getByText('is For teams').waitFor()
})
