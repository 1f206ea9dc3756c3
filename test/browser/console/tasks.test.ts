import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countClicks } from './clicks.ts'
import { openConsole, world } from './open-console.ts'
import { consume, furnishOrrery, params } from './orrery.ts'

test('who changed this: one click, and another one takes it back', async (t) => {
  const tenant = await world.tenant()
  await furnishOrrery(tenant)
  await tenant.ok('v1Beta.customers.assignments.upsert', {
    params,
    body: { assignments: [{ entityId: 'research', featureId: 'calls', usageLimit: 70 }] },
  })
  const page = await openConsole(t, { tenant, path: '/customers/orrery/budgets' })
  const row = page.getByRole('row', { name: /Research research/ })
  await row.waitFor()
  const clicks = await countClicks(page)
  await row.focus()
  await page.keyboard.press('h')
  await page.locator('del', { hasText: '100' }).waitFor()
  await page.locator('ins', { hasText: '70' }).waitFor()
  await page.getByText('v1Beta.customers.assignments.upsert').first().waitFor()
  await page.getByText('trace').waitFor()
  assert.ok((await clicks()) <= 1)
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByText('Undone.').waitFor()
  const { data } = await tenant.ok('v1Beta.customers.assignments.list', {
    params,
    query: { entityId: 'research' },
  })
  assert.equal(data[0]?.usageLimit, 100)
})

test('the history of a customer and of a feature opens from their rows', async (t) => {
  const tenant = await world.tenant()
  await furnishOrrery(tenant)
  const page = await openConsole(t, { tenant })
  for (const [keys, name, type] of [
    ['gc', 'Orrery', 'customer.created'],
    ['gf', 'Calls of the model', 'feature.created'],
  ] as const) {
    await page.getByRole('heading', { level: 1 }).waitFor()
    for (const key of keys) await page.keyboard.press(key)
    await page.getByRole('link', { name }).focus()
    await page.keyboard.press('h')
    await page.getByText(type).first().waitFor()
  }
})

test('somebody new on call finds what was denied in a minute in two clicks', async (t) => {
  const tenant = await world.tenant()
  await furnishOrrery(tenant)
  await consume(tenant, 8)
  const page = await openConsole(t, { tenant, path: '/home' })
  const clicks = await countClicks(page)
  await page
    .getByRole('group', { name: 'Denials a minute' })
    .getByRole('link', { name: /: 2$/ })
    .click()
  const groups = page.getByRole('table', { name: 'Denials by budget' })
  await groups
    .getByRole('row', { name: /agent-7.*budget.*2/ })
    .getByRole('link')
    .click()
  await page.getByText('stops here').waitFor()
  assert.ok((await clicks()) <= 2)
})

test('a first denial is made and explained in three clicks', async (t) => {
  const tenant = await world.tenant()
  const page = await openConsole(t, { tenant, path: '/home' })
  await page.getByRole('button', { name: 'Make a sample customer' }).waitFor()
  const clicks = await countClicks(page)
  await page.getByRole('button', { name: 'Make a sample customer' }).click()
  await page.getByText(/Indexer may use 200 in this window and has used 150/).waitFor()
  await page.getByText('stops here').waitFor()
  assert.ok((await clicks()) <= 3)
})

test('from a denial, giving more takes three clicks, and the same question is then granted', async (t) => {
  const tenant = await world.tenant()
  await furnishOrrery(tenant)
  const page = await openConsole(t, { tenant, path: '/customers/orrery/decisions' })
  await page.getByRole('table', { name: 'Denials' }).getByRole('link').first().click()
  await page.getByText('stops here').waitFor()
  const clicks = await countClicks(page)
  await page.getByRole('link', { name: 'Ask again now' }).click()
  await page.getByRole('button', { name: 'Set the budget of Indexer to 13' }).click()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Granted.').waitFor()
  assert.ok((await clicks()) <= 3)
})
