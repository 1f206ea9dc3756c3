import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MARKUP } from './markup.ts'
import { addressOf, openConsole, world } from './open-console.ts'

test('a change opens to what was before and after, and the address keeps the filters', async (t) => {
  const tenant = await world.tenant()
  await tenant.ok('v1.customers.provision', { body: { id: 'acme', name: MARKUP } })
  await tenant.ok('v1.customers.update', { params: { id: 'acme' }, body: { name: 'Acme Ltd' } })
  await tenant.ok('v1.customers.provision', { body: { id: 'other', name: 'Other' } })
  const page = await openConsole(t, { tenant, path: '/activity' })
  await page.getByLabel('Customer').fill('acme')
  await page.keyboard.press('Enter')
  await page.getByTitle('other', { exact: true }).waitFor({ state: 'hidden' })
  await page.getByLabel('Type').fill('customer.updated')
  await page.keyboard.press('Enter')
  await page.waitForURL(/type=customer\.updated/)
  await page.getByText('customer.created').waitFor({ state: 'hidden' })
  await page.keyboard.press('Escape')
  await page.getByRole('table', { name: 'Changes' }).getByRole('link').first().click()
  await page.locator('del', { hasText: MARKUP }).waitFor()
  await page.locator('ins', { hasText: 'Acme Ltd' }).waitFor()
  await page.getByText('v1.customers.update').waitFor()
  assert.equal(await page.locator('img').count(), 0)
  assert.match(page.url(), /customer=acme/)
  await page.goto(addressOf(tenant, '/activity?type=nothing.like_this'))
  await page.getByText('No change matches these filters.').waitFor()
  await page.getByRole('button', { name: 'Clear filters' }).click()
  await page.getByText('other', { exact: true }).first().waitFor()
})

test('a customer has its own activity, of changes and of events', async (t) => {
  const tenant = await world.tenant()
  await tenant.ok('v1.customers.provision', { body: { id: 'acme', name: 'Acme' } })
  await tenant.ok('v1.customers.provision', { body: { id: 'other', name: 'Other' } })
  const page = await openConsole(t, { tenant, path: '/customers/acme/activity' })
  await page.getByText('customer.created').waitFor()
  assert.equal(await page.getByText('customer.created').count(), 1)
  await page.getByText('Events', { exact: true }).click()
  const rows = page.getByRole('table', { name: 'Events' })
  await rows.getByRole('link').first().click()
  await page.getByText('"name": "Acme"').waitFor()
})
