import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fillFirst } from './fill-first.ts'
import { openConsole, world } from './open-console.ts'

test('a currency is created, changed, archived, and each can be undone', async (t) => {
  const tenant = await world.tenant()
  const page = await openConsole(t, { tenant, path: '/currencies', expected: [400, 409] })
  await fillFirst(page, { empty: 'No currencies yet.', id: 'tokens', name: 'Tokens' })
  await page.getByLabel('One unit').fill('token')
  await page.getByRole('button', { name: 'Create' }).click()
  await page.locator('[name="units/plural"][aria-invalid=true]').waitFor()
  await page.getByLabel('Several units').fill('tokens')
  await page.getByRole('button', { name: 'Create' }).click()
  await page.getByText('Tokens was created.').waitFor()
  await page.getByRole('link', { name: 'Tokens' }).click()
  await page.getByLabel('Symbol').fill('◈')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Tokens was changed.').waitFor()
  await page.getByRole('cell', { name: '◈' }).waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByRole('cell', { name: '◈' }).waitFor({ state: 'hidden' })
  await page.getByRole('button', { name: 'Archive Tokens' }).click()
  await page.getByText('Tokens is archived.').waitFor()
  await page.getByLabel('State').selectOption('archived')
  await page.getByRole('button', { name: 'Unarchive Tokens' }).click()
  await page.getByText('Tokens is active again.').waitFor()
  const { data } = await tenant.ok('v1.credits.customCurrencies.list', {})
  assert.deepEqual(
    data.map(({ id, symbol, units }) => ({ id, symbol, units })),
    [{ id: 'tokens', symbol: null, units: { singular: 'token', plural: 'tokens' } }],
  )
})

test('an archived currency cannot be changed, and says why', async (t) => {
  const tenant = await world.tenant()
  await tenant.ok('v1.credits.customCurrencies.create', {
    body: { id: 'gold', displayName: '<b>Gold</b>' },
  })
  await tenant.ok('v1.credits.customCurrencies.archive', { params: { currencyId: 'gold' } })
  const page = await openConsole(t, { tenant, path: '/currencies?state=all&edit=gold' })
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).hover()
  await page.getByText('The currency is archived. Unarchive it first.').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('link', { name: '<b>Gold</b>' }).waitFor()
})
