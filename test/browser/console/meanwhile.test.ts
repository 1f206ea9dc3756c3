import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openConsole, slowReads, world } from './open-console.ts'
import { furnishOrrery, params } from './orrery.ts'

test('an edit of a customer that changed meanwhile shows both values, and keeps what was typed', async (t) => {
  const tenant = await world.tenant()
  await furnishOrrery(tenant)
  const page = await openConsole(t, { tenant, path: '/customers/orrery', expected: [412] })
  await page.getByRole('button', { name: 'Edit' }).click()
  const field = page.getByLabel('Name optional')
  await field.fill('Orrery Ltd')
  await tenant.ok('v1.customers.update', { params, body: { name: 'Orrery GmbH' } })
  await page.getByRole('button', { name: 'Save' }).click()
  const alert = page.getByRole('alert')
  await alert.getByText(/Changed meanwhile\s+by key/).waitFor()
  await alert.getByText('Orrery GmbH').waitFor()
  await alert.getByText('Orrery Ltd').waitFor()
  assert.equal(await field.inputValue(), 'Orrery Ltd')
  const stored = async () => (await tenant.ok('v1.customers.retrieve', { params })).data.name
  assert.equal(await stored(), 'Orrery GmbH')
  // Who has seen the other value may replace it.
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('heading', { name: 'Orrery Ltd', exact: true }).waitFor()
  assert.equal(await stored(), 'Orrery Ltd')
})

test('an edit of a budget that changed meanwhile overwrites nothing unseen', async (t) => {
  const tenant = await world.tenant()
  await furnishOrrery(tenant)
  const path = '/customers/orrery/budgets?entity=research'
  const page = await openConsole(t, { tenant, path, expected: [412] })
  await page.getByRole('button', { name: 'Edit', exact: true }).click()
  await page.getByLabel('Limit optional').fill('110')
  await tenant.ok('v1Beta.customers.assignments.upsert', {
    params,
    body: { assignments: [{ entityId: 'research', featureId: 'calls', usageLimit: 90 }] },
  })
  await page.getByRole('button', { name: 'Save' }).click()
  const alert = page.getByRole('alert')
  await alert.getByText(/Changed meanwhile/).waitFor()
  await alert.getByText('90', { exact: true }).waitFor()
  await alert.getByText('110', { exact: true }).waitFor()
  const stored = async () => {
    const query = { entityId: 'research' }
    const { data } = await tenant.ok('v1Beta.customers.assignments.list', { params, query })
    return data[0]?.usageLimit
  }
  assert.equal(await stored(), 90)
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('The budget of Research is 110.').waitFor()
  assert.equal(await stored(), 110)
})

test('a budget that somebody changes twice in a row was not changed meanwhile', async (t) => {
  const tenant = await world.tenant()
  await furnishOrrery(tenant)
  const path = '/customers/orrery/budgets?entity=research'
  const page = await openConsole(t, { tenant, path })
  await slowReads(page, '**/assignments?*')
  const field = page.getByLabel('Limit optional')
  for (const [former, limit] of [
    ['100', '110'],
    ['110', '120'],
  ] as const) {
    await page.getByRole('button', { name: 'Edit', exact: true }).click()
    await field.waitFor()
    assert.equal(await field.inputValue(), former)
    for (const text of ['1,000', 'many', '1e999', 'Infinity']) {
      await field.fill(text)
      await page.keyboard.press('Control+Enter')
      await page.getByText(`${text} is no number.`).waitFor()
    }
    await field.fill(limit)
    await page.keyboard.press('Control+Enter')
    await page.getByText(`The budget of Research is ${limit}.`).waitFor()
    await field.waitFor({ state: 'hidden' })
  }
})

test('what changed meanwhile stays in view while a field is wrong, until it is discarded', async (t) => {
  const tenant = await world.tenant()
  const page = await openConsole(t, { tenant, path: '/alerts', expected: [412] })
  const field = page.getByLabel('Percent')
  const save = page.getByRole('button', { name: 'Save' })
  await field.fill('70')
  await field.press('Enter')
  await tenant.ok('v1Beta.governance.updateThresholdConfig', { body: { thresholds: [60] } })
  await save.click()
  const alert = page.getByText(/Changed meanwhile/)
  await alert.waitFor()
  await field.fill('many')
  await field.press('Enter')
  await save.click()
  await page.getByText('many is no number.').waitFor()
  assert.ok(await alert.isVisible())
  await page.getByRole('button', { name: 'Discard' }).click()
  await page.getByText('many is no number.').waitFor({ state: 'hidden' })
  await alert.waitFor({ state: 'hidden' })
})

test('settings that changed meanwhile do not lose what was typed', async (t) => {
  const tenant = await world.tenant()
  const page = await openConsole(t, { tenant, path: '/settings/environment', expected: [412] })
  await page.getByLabel('Checks with them').selectOption('deny')
  await tenant.ok('v1.environment.settings.update', {
    body: { unknownDimensions: 'ignore', allowedOrigins: ['https://other.example'] },
  })
  await page.getByRole('button', { name: 'Save' }).click()
  await page
    .getByRole('alert')
    .getByText(/Changed meanwhile/)
    .waitFor()
  await page.getByRole('alert').getByText('["https://other.example"]').waitFor()
  assert.equal(await page.getByLabel('Checks with them').inputValue(), 'deny')
})

test('what is typed while a form is saved stays, and is saved next', async (t) => {
  const tenant = await world.tenant()
  const page = await openConsole(t, { tenant, path: '/settings/environment' })
  const field = page.getByLabel('Checks with them')
  const { promise: isTyped, resolve: release } = Promise.withResolvers<void>()
  await page.route('**/settings', async (route) => {
    if (route.request().method() !== 'GET') await isTyped
    await route.fallback()
  })
  const saving = page.waitForRequest(
    (request) => request.method() !== 'GET' && request.url().endsWith('/settings'),
  )
  const stored = async () =>
    (await tenant.ok('v1.environment.settings.retrieve', {})).data.unknownDimensions
  await field.selectOption('deny')
  await page.getByRole('button', { name: 'Save' }).click()
  await saving
  await field.selectOption('ignore')
  const saved = page.waitForResponse((response) => response.request().method() !== 'GET')
  release()
  await saved
  await page.getByRole('button', { name: 'Undo' }).waitFor()
  assert.equal(await field.inputValue(), 'ignore')
  assert.equal(await stored(), 'deny')
})
