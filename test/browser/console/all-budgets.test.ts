import assert from 'node:assert/strict'
import { test } from 'node:test'
import { customersIn, rankAll } from '../../support/ranking.ts'
import { MARKUP } from './markup.ts'
import { addressOf, openConsole, world } from './open-console.ts'

const HOUR = 3_600_000
/** two/bob is used up, one/ann runs out within two days, one/bob within four. */
async function furnished() {
  const tenant = await world.tenant()
  const { customer, budget, use } = await customersIn(world, tenant)
  await customer('two')
  await tenant.ok('v1.customers.update', { params: { id: 'two' }, body: { name: MARKUP } })
  await budget('one', 'ann')
  await budget('one', 'bob', { usageLimit: 90 })
  await budget('two', 'bob', { usageLimit: 10 })
  world.clock.moveTo(world.clock.now() + 40 * HOUR)
  await use('one', 'ann', 60)
  await use('one', 'bob', 30)
  await use('two', 'bob', 12)
  await rankAll(world.bursar.app, tenant.scope)
  return tenant
}

test('what runs out this week is one click away, and a row leads to its panel', async (t) => {
  const tenant = await furnished()
  const page = await openConsole(t, { tenant, path: '/home' })
  await page.getByRole('link', { name: 'All that run out this week' }).click()
  await page.waitForURL(addressOf(tenant, '/budgets?within=7'))
  const table = page.getByRole('table', { name: 'Budgets' })
  const rows = table.getByRole('row')
  await rows.nth(3).waitFor()
  assert.equal(await rows.count(), 4)
  assert.match((await rows.nth(1).textContent()) ?? '', /used up/)
  assert.equal(await page.locator('img').count(), 0)
  await page.getByLabel('Run out').selectOption('within a day')
  await rows.nth(2).waitFor({ state: 'detached' })
  await page.getByLabel('Run out').selectOption('this week')
  await table.getByRole('link', { name: 'ann' }).click()
  await page.waitForURL(/customers\/one\/budgets\?entity=ann&feature=tokens/)
  await page
    .getByRole('dialog', { name: 'ann' })
    .or(page.getByRole('complementary'))
    .first()
    .waitFor()
})

test('filters of budgets are in the address, and can be taken off', async (t) => {
  const tenant = await furnished()
  const path = '/budgets?order=utilization&share=1'
  const page = await openConsole(t, { tenant, path, expected: [404] })
  const rows = page.getByRole('table', { name: 'Budgets' }).getByRole('row')
  await rows.nth(1).waitFor()
  assert.equal(await rows.count(), 2)
  await page.getByLabel('Customer id').fill('one')
  await page.keyboard.press('Enter')
  await page.getByText('No budget').waitFor()
  await page.getByLabel('Customer id').fill('nobody')
  await page.keyboard.press('Enter')
  await page.getByText('customer nobody').waitFor()
})
