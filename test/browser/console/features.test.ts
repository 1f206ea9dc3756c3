import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fillFirst } from './fill-first.ts'
import { MARKUP } from './markup.ts'
import { openConsole, world } from './open-console.ts'

test('a feature is created, changed, archived, and each can be undone', async (t) => {
  const tenant = await world.tenant()
  const page = await openConsole(t, { tenant, path: '/features' })
  await fillFirst(page, { empty: 'No features yet.', id: 'tokens', name: 'Tokens' })
  await page.getByLabel('Several units').fill('tokens')
  await page.getByRole('button', { name: 'Create' }).click()
  await page.getByRole('heading', { name: 'Tokens', exact: true }).waitFor()
  await page.getByRole('button', { name: 'Edit', exact: true }).waitFor()
  await page.keyboard.press('e')
  await page.getByLabel('Name', { exact: true }).fill('AI tokens')
  await page.getByLabel('Limits are in larger units').check()
  await page.getByLabel('Divide by').fill('1000')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('limits in units of 1,000, rounded up').waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByRole('heading', { name: 'Tokens', exact: true }).waitFor()
  await page.getByRole('button', { name: 'Archive', exact: true }).click()
  await page.getByText('Tokens is archived.').waitFor()
  await page.getByRole('button', { name: 'Unarchive' }).click()
  await page.getByText('Tokens is active again.').waitFor()
  const { data } = await tenant.ok('v1.features.retrieveFeature', { params: { id: 'tokens' } })
  assert.deepEqual([data.displayName, data.unitTransformation], ['Tokens', null])
  assert.notEqual(data.featureStatus, 'SUSPENDED')
})

test('a meter is tried on an event while it is typed, and saved', async (t) => {
  const tenant = await world.tenant()
  await tenant.ok('v1.features.createFeature', {
    body: {
      id: 'tokens',
      displayName: 'Tokens',
      featureType: 'NUMBER',
      meterType: 'INCREMENTAL',
    },
  })
  const page = await openConsole(t, { tenant, path: '/features/tokens' })
  await page.getByRole('button', { name: 'Add a meter' }).click()
  await page.getByText('Counts as 1.').waitFor()
  await page.getByLabel('Usage is the').selectOption('SUM')
  await page.getByLabel('Dimension').fill('tokens')
  await page.getByText('Counts: adds 1,200.').waitFor()
  await page.getByRole('button', { name: 'Count only some events' }).click()
  await page.getByLabel('Value optional', { exact: true }).fill('completion')
  await page.getByRole('button', { name: 'And' }).click()
  await page.getByLabel('Dimension').last().fill('model')
  await page.getByLabel('Comparison').last().selectOption('IN')
  await page.getByLabel('Values', { exact: true }).fill('small')
  await page.keyboard.press('Enter')
  await page.keyboard.type('large')
  await page.keyboard.press('Enter')
  const sample = page.getByLabel('Try an event')
  const event = (model: string) =>
    JSON.stringify({ eventName: 'completion', dimensions: { model, tokens: 7 } })
  await sample.fill(event('huge'))
  await page.getByText('Does not count: it does not pass the filter.').waitFor()
  assert.equal(await page.getByText('false', { exact: true }).count(), 1)
  await sample.fill('{')
  await page.getByText('This is not JSON.').waitFor()
  await sample.fill(event('large'))
  await page.getByText('Counts: adds 7.').waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Add', exact: true }).click()
  await page.getByText('Usage is the sum of tokens. Events count that pass this filter:').waitFor()
  const { data } = await tenant.ok('v1.features.retrieveFeature', { params: { id: 'tokens' } })
  assert.deepEqual(data.meter, {
    aggregation: { function: 'SUM', field: 'tokens' },
    filters: [
      {
        conditions: [
          { field: 'eventName', operation: 'EQUALS', value: 'completion' },
          { field: 'model', operation: 'IN', values: ['small', 'large'] },
        ],
      },
    ],
  })
})

test('what the server refuses stands at the value of the list that it is about', async (t) => {
  const tenant = await world.tenant()
  const page = await openConsole(t, { tenant, path: '/features', expected: [400] })
  await page.getByRole('button', { name: 'New feature' }).first().click()
  await page.getByLabel('Id', { exact: true }).fill('tier')
  await page.getByLabel('Name', { exact: true }).fill('Tier')
  await page.getByLabel('Type', { exact: true }).last().selectOption('ENUM')
  await page.getByLabel('Value', { exact: true }).fill('gold')
  await page.getByRole('button', { name: 'Add a value' }).click()
  await page.getByLabel('Value', { exact: true }).last().fill('gold')
  await page.getByRole('button', { name: 'Create' }).click()
  await page.locator('[name="enumConfiguration/1/value"][aria-invalid=true]').waitFor()
  await page.getByLabel('Value', { exact: true }).last().fill('silver')
  await page.getByRole('button', { name: 'Create' }).click()
  await page.getByRole('heading', { name: 'Tier', exact: true }).waitFor()
  await page.getByText('silver').first().waitFor()
})

test('features are filtered by the address, and their text is never markup', async (t) => {
  const tenant = await world.tenant()
  await tenant.ok('v1.features.createFeature', {
    body: { id: 'x', displayName: MARKUP, description: MARKUP, featureType: 'BOOLEAN' },
  })
  await tenant.ok('v1.features.createFeature', {
    body: { id: 'seats', displayName: 'Seats', featureType: 'NUMBER', meterType: 'FLUCTUATING' },
  })
  await tenant.ok('v1.features.archiveFeature', { params: { id: 'seats' } })
  const page = await openConsole(t, { tenant, path: '/features?state=archived&meter=FLUCTUATING' })
  await page.getByRole('link', { name: 'Seats' }).waitFor()
  assert.equal(await page.getByRole('row').count(), 2)
  await page.getByLabel('State').selectOption('active')
  await page.getByText('No feature matches these filters.').waitFor()
  await page.getByRole('button', { name: 'Clear filters' }).click()
  await page.getByRole('link', { name: MARKUP }).click()
  await page.getByRole('heading', { name: MARKUP, exact: true }).waitFor()
  assert.equal(await page.locator('img').count(), 0)
})

test('a read-only key sees features and the reason, and changes nothing', async (t) => {
  const tenant = await world.tenant()
  await tenant.ok('v1.features.createFeature', {
    body: { id: 'sso', displayName: 'SSO', featureType: 'BOOLEAN' },
  })
  const key = await tenant.newKey('read-only')
  const page = await openConsole(t, { tenant, key, path: '/features/sso' })
  await page.getByRole('button', { name: 'Edit', exact: true }).waitFor()
  await page.keyboard.press('e')
  await page.getByRole('button', { name: 'Archive' }).click({ force: true })
  assert.equal(await page.getByRole('dialog').count(), 0)
  await page.getByRole('button', { name: 'Edit' }).hover()
  await page.getByText(/lacks the permission features:write/).waitFor()
})
