import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Tenant } from '../../support/world.ts'
import { openConsole, world } from './open-console.ts'

const publication = { body: { migrationType: 'NEW_CUSTOMERS' } } as const
const basic = { params: { planId: 'basic' } }
const pro = { params: { planId: 'pro' } }
const inDraft = { query: { draft: 'true' } } as const

/** The published plan Pro that inherits from Basic, the add-on More, a feature of each type. */
async function furnished(): Promise<Tenant> {
  const tenant = await world.tenant()
  const features = [
    { id: 'calls', displayName: 'Calls', featureType: 'NUMBER', meterType: 'INCREMENTAL' },
    { id: 'seats', displayName: 'Seats', featureType: 'NUMBER', meterType: 'FLUCTUATING' },
    { id: 'sso', displayName: 'Single sign-on', featureType: 'BOOLEAN' },
    {
      id: 'region',
      displayName: 'Region',
      featureType: 'ENUM',
      enumConfiguration: [
        { value: 'eu', displayName: 'Europe' },
        { value: 'us', displayName: 'America' },
      ],
    },
  ]
  for (const body of features) await tenant.ok('v1.features.createFeature', { body })
  await tenant.ok('v1.credits.customCurrencies.create', {
    body: { id: 'tokens', displayName: 'Tokens' },
  })
  await tenant.ok('v1.products.createProduct', { body: { id: 'app', displayName: 'App' } })
  const terms = { productId: 'app', pricingType: 'CUSTOM' } as const
  await tenant.ok('v1.plans.create', { body: { id: 'basic', displayName: 'Basic', ...terms } })
  await tenant.ok('v1.plans.entitlements.create', {
    ...basic,
    body: {
      entitlements: [
        { id: 'calls', type: 'FEATURE', usageLimit: 100, resetPeriod: 'MONTH' },
        { id: 'sso', type: 'FEATURE' },
      ],
    },
  })
  await tenant.ok('v1.plans.publish', { params: { id: 'basic' }, ...publication })
  await tenant.ok('v1.plans.create', {
    body: { id: 'pro', displayName: 'Pro', parentPlanId: 'basic', ...terms },
  })
  await tenant.ok('v1.plans.publish', { params: { id: 'pro' }, ...publication })
  await tenant.ok('v1.addons.create', { body: { id: 'more', displayName: 'More', ...terms } })
  return tenant
}

const given = async (tenant: Tenant) =>
  (await tenant.ok('v1.plans.entitlements.list', { ...pro, ...inDraft })).data

test('what a plan inherits is replaced in its draft, and told before it is published', async (t) => {
  const tenant = await furnished()
  // What is shown of the draft may be read once more after it was published.
  const page = await openConsole(t, { tenant, path: '/plans/pro', expected: [404] })
  await page.getByRole('link', { name: 'Entitlements' }).click()
  const table = page.getByRole('table', { name: 'Entitlements' })
  await table
    .getByRole('row', { name: /^Calls calls 100 a month .* inherited from Basic/ })
    .waitFor()
  await page.getByRole('button', { name: 'Add entitlement' }).hover()
  await page.getByText('There is no draft. Open one first.').waitFor()
  await page.getByRole('button', { name: 'Open draft' }).click()
  await table
    .getByRole('row', { name: /^Calls/ })
    .getByRole('button', { name: 'Replace' })
    .click()
  await page.getByLabel('Limit', { exact: true }).fill('1000')
  await page.getByLabel('It begins').selectOption('StartOfTheMonth')
  await page.getByLabel('checkout').check()
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  await page.getByText('The draft of Pro gives calls.').waitFor()
  await table
    .getByRole('row', { name: /^Calls calls new 1,000 a month\s*instead of 100/ })
    .waitFor()
  await page.keyboard.press('p')
  const dialog = page.getByRole('dialog', { name: 'Publish version 2 of Pro?' })
  await dialog.getByText('Calls (calls)').waitFor()
  await dialog
    .getByText('1,000 a month; starts again on the 1st of the month; is hidden from checkout')
    .waitFor()
  await dialog.getByRole('button', { name: 'Publish' }).click()
  await page.getByText('Version 2 of Pro is published.').waitFor()
  const { data } = await tenant.ok('v1.plans.entitlements.list', pro)
  assert.deepEqual(
    data.map((each) => each.type === 'FEATURE' && [each.id, each.usageLimit, each.resetPeriod]),
    [['calls', 1000, 'MONTH']],
  )
})

test('features of all types and credits are added to a draft', async (t) => {
  const tenant = await furnished()
  await tenant.ok('v1.plans.createDraft', { params: { id: 'pro' } })
  const page = await openConsole(t, { tenant, path: '/plans/pro/entitlements', expected: [400] })
  const table = page.getByRole('table', { name: 'Entitlements' })
  const add = async (what: string, fill: () => Promise<unknown>) => {
    await page.getByRole('button', { name: 'Add entitlement' }).click()
    await page.getByLabel('Feature', { exact: true }).fill(what)
    await fill()
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    await table.getByRole('row').filter({ hasText: what }).waitFor()
  }
  await add('region', () => page.getByLabel('Europe').check())
  await add('seats', () => page.getByLabel('How much').selectOption('UNLIMITED'))
  await add('sso', () => page.getByLabel('The plan', { exact: true }).selectOption('no'))
  await add('calls', async () => {
    await page.getByLabel('How much').selectOption('CUSTOM')
    await page.getByLabel('Usage starts again').selectOption('WEEK')
    await page.getByLabel('It begins').selectOption('EveryFriday')
  })
  await page.getByRole('button', { name: 'Add entitlement' }).click()
  await page.getByLabel('What', { exact: true }).selectOption('CREDIT')
  await page.getByLabel('Currency').fill('tokens')
  await page.getByLabel('Credits', { exact: true }).fill('many')
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  await page.getByText('many is no number.').waitFor()
  await page.getByLabel('Credits', { exact: true }).fill('5')
  await page.getByLabel('For each of').fill('region')
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  await page.locator('[name="dependencyFeatureId"][aria-invalid=true]').waitFor()
  await page.getByLabel('For each of').fill('seats')
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  await table
    .getByRole('row', { name: /^Tokens tokens .*5 a month × the limit of seats/ })
    .waitFor()
  await table.getByRole('row', { name: /^Single sign-on .*nothing: it is taken away/ }).waitFor()
  assert.deepEqual(
    (await given(tenant)).map((each) =>
      each.type === 'CREDIT'
        ? [each.id, each.amount, each.cadence, each.dependencyFeatureId]
        : [each.id, each.isGranted, each.isCustom, each.hasUnlimitedUsage, each.enumValues],
    ),
    [
      ['region', true, false, false, ['eu']],
      ['seats', true, false, true, null],
      ['sso', false, false, false, null],
      ['calls', true, true, false, null],
      ['tokens', 5, 'MONTH', 'seats'],
    ],
  )
})

test('an entitlement of a draft is changed and removed, and each can be undone', async (t) => {
  const tenant = await furnished()
  await tenant.ok('v1.plans.createDraft', { params: { id: 'pro' } })
  await tenant.ok('v1.plans.entitlements.create', {
    ...pro,
    body: { entitlements: [{ id: 'calls', type: 'FEATURE', usageLimit: 7, order: 2.5 }] },
  })
  const [before] = await given(tenant)
  const page = await openConsole(t, { tenant, path: '/plans/pro/entitlements', expected: [412] })
  const same = async () => {
    const [after] = await given(tenant)
    assert.deepEqual(after, { ...before, createdAt: after?.createdAt, updatedAt: after?.updatedAt })
  }
  const undo = async () => {
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByRole('cell', { name: /^7/ }).waitFor()
    await same()
  }
  await page.getByRole('button', { name: 'Edit Calls' }).click()
  await page.getByLabel('Limit', { exact: true }).fill('8')
  // A limit that starts again cannot be sent back to one that does not.
  await page.getByLabel('Usage starts again').selectOption('DAY')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Calls was changed in the draft of Pro.').waitFor()
  await page.getByRole('cell', { name: /^8 a day/ }).waitFor()
  await undo()
  await page.getByRole('button', { name: 'Remove Calls' }).click()
  await page.getByText('Calls was removed from the draft of Pro.').waitFor()
  await page.getByRole('cell', { name: /^7/ }).waitFor({ state: 'hidden' })
  await undo()
  await page.getByRole('button', { name: 'Edit Calls' }).click()
  await page.getByLabel('Limit', { exact: true }).fill('9')
  await tenant.ok('v1.plans.entitlements.update', {
    params: { planId: 'pro', id: 'calls' },
    body: { type: 'FEATURE', usageLimit: 10 },
  })
  await page.getByRole('button', { name: 'Save' }).click()
  await page
    .getByRole('alert')
    .getByText(/Changed meanwhile/)
    .waitFor()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('cell', { name: /^9/ }).waitFor()
})

test('an add-on replaces what the plan gives, and what is published cannot be changed', async (t) => {
  const tenant = await furnished()
  const page = await openConsole(t, { tenant, path: '/add-ons/more/entitlements' })
  await page.getByText('The add-on gives nothing yet.').waitFor()
  await page.keyboard.press('n')
  await page.getByLabel('Feature', { exact: true }).fill('calls')
  await page.getByLabel('It', { exact: true }).selectOption('Override')
  await page.getByLabel('Limit', { exact: true }).fill('3')
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  await page.getByText('replaces what the rest of the subscription gives').waitFor()
  await tenant.ok('v1.addons.publish', { params: { id: 'more' }, ...publication })
  await tenant.ok('v1.addons.createDraft', { params: { id: 'more' } })
  await page.reload()
  await page.getByLabel('Version').selectOption('published')
  await page.getByRole('button', { name: 'Remove Calls' }).hover()
  await page.getByText('This version is published, and never changes.').waitFor()
  await page.getByLabel('Version').selectOption('draft')
  await page.getByRole('button', { name: 'Remove Calls' }).click()
  await page.getByText('Version 1 gives what the draft does not: Calls').waitFor()
})
