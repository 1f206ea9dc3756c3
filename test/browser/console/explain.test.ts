import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openConsole, world } from './open-console.ts'

test('a first denial is made and explained in two clicks, and ends in the same place', async (t) => {
  const tenant = await world.tenant()
  const page = await openConsole(t, { tenant, path: '/home' })
  await page.getByRole('button', { name: 'Make a sample customer' }).click()
  await page.getByText(/Indexer may use 200 in this window and has used 150/).waitFor()
  await page.getByText('stops here').waitFor()
  await page.getByRole('button', { name: 'Set the budget of Indexer to 210' }).click()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Granted.').waitFor()
  const { data } = await tenant.ok('v1Beta.customers.assignments.list', {
    params: { id: 'sample-orrery' },
    query: { entityId: 'agent-indexer' },
  })
  assert.equal(data[0]?.usageLimit, 210)
})

test('consuming counts as real usage, once per press', async (t) => {
  const tenant = await world.tenant()
  await tenant.ok('v1.customers.provision', { body: { id: 'acme', name: 'Acme' } })
  await tenant.ok('v1.features.createFeature', {
    body: { id: 'calls', displayName: 'Calls', featureType: 'NUMBER', meterType: 'INCREMENTAL' },
  })
  const path = '/customers/acme/entitlements'
  const page = await openConsole(t, { tenant, path })
  await page.getByRole('button', { name: 'Grant' }).first().click()
  await page.getByLabel('Feature', { exact: true }).fill('calls')
  await page.getByLabel('Limit', { exact: true }).fill('100')
  await page.getByRole('dialog').getByRole('button', { name: 'Grant' }).click()
  await page.getByRole('link', { name: 'Calls' }).click()
  await page.getByText('Granted.').waitFor()
  await page.getByLabel('Amount optional').fill('30')
  await page.keyboard.press('Control+Enter')
  await page.getByRole('button', { name: 'Consume' }).click()
  await page.getByText('30 recorded as used.').waitFor()
  await page.getByText(/has used 30, so 30 more fit/).waitFor()
  await page.goBack()
  await page.getByText(/has used 30/).waitFor()
})

test('a denial is kept, and drawn as of then', async (t) => {
  const tenant = await world.tenant()
  await tenant.ok('v1.customers.provision', { body: { id: 'acme', name: 'Acme' } })
  await tenant.ok('v1.features.createFeature', {
    body: { id: 'calls', displayName: 'Calls', featureType: 'NUMBER', meterType: 'INCREMENTAL' },
  })
  await tenant.call('v1.customers.consume', {
    params: { id: 'acme' },
    body: { featureId: 'calls', amount: 5, idempotencyKey: 'one' },
  })
  const page = await openConsole(t, { tenant, path: '/decisions', expected: [404] })
  await page.getByRole('table', { name: 'Denials' }).getByRole('link').first().click()
  await page.getByText(/Nothing that Acme holds includes|has no active subscription/).waitFor()
  await page.getByRole('link', { name: 'Ask again now' }).click()
  await page.getByRole('heading', { name: 'Explain', exact: true }).waitFor()
  assert.match(page.url(), /customer=acme.*feature=calls.*amount=5|amount=5/)
})

test('an amount that is no number is refused at its field, typed or in the address', async (t) => {
  const tenant = await world.tenant()
  await tenant.ok('v1.customers.provision', { body: { id: 'acme', name: 'Acme' } })
  const path = '/explain?customer=acme&feature=calls&amount=1.2.3'
  const page = await openConsole(t, { tenant, path })
  const asked: string[] = []
  page.on('request', (request) => {
    if (request.url().includes('/entitlements/explain')) asked.push(request.url())
  })
  await page.getByText('1.2.3 is no number.').waitFor()
  for (const text of ['many', '1,000', '1e999']) {
    await page.getByLabel('Amount optional').fill(text)
    await page.keyboard.press('Control+Enter')
    await page.getByText(`${text} is no number.`).waitFor()
  }
  assert.deepEqual(asked, [])
})
