import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MARKUP } from './markup.ts'
import { openConsole, world } from './open-console.ts'

test('a customer is created, changed, archived, and each can be undone', async (t) => {
  const tenant = await world.tenant()
  const page = await openConsole(t, { tenant })
  await page.getByText('No customers yet.').waitFor()
  await page.keyboard.press('n')
  await page.getByLabel('Id', { exact: true }).fill('acme')
  await page.getByLabel('Name optional').fill('Acme')
  await page.getByRole('button', { name: 'Create' }).click()
  await page.getByRole('heading', { name: 'Acme', exact: true }).waitFor()
  await page.getByRole('button', { name: 'Edit' }).click()
  await page.getByLabel('Name optional').fill('Acme Ltd')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('heading', { name: 'Acme Ltd', exact: true }).waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByRole('heading', { name: 'Acme', exact: true }).waitFor()
  await page.getByRole('button', { name: 'Archive', exact: true }).click()
  await page.getByRole('button', { name: 'Unarchive' }).waitFor()
  await page.getByRole('button', { name: 'Undo' }).last().click()
  await page.getByRole('button', { name: 'Archive', exact: true }).waitFor()
  const { data } = await tenant.ok('v1.customers.retrieve', { params: { id: 'acme' } })
  assert.deepEqual([data.name, data.archivedAt], ['Acme', null])
})

test('what the server refuses stands at its field, and nothing typed is lost', async (t) => {
  const tenant = await world.tenant()
  await tenant.ok('v1.customers.provision', { body: { id: 'acme' } })
  const page = await openConsole(t, { tenant, expected: [400, 409] })
  await page.getByRole('button', { name: 'New customer' }).click()
  await page.getByLabel('Id', { exact: true }).fill('not an id')
  await page.getByLabel('Name optional').fill('Some name')
  await page.getByRole('button', { name: 'Create' }).click()
  const refusal = page.locator('[name=id][aria-invalid=true]')
  await refusal.waitFor()
  // Opened again, the dialog has what was typed, but not the refusal.
  await page.keyboard.press('Escape')
  await refusal.waitFor({ state: 'hidden' })
  await page.getByRole('button', { name: 'New customer' }).click()
  assert.equal(await page.getByLabel('Id', { exact: true }).inputValue(), 'not an id')
  assert.equal(await refusal.count(), 0)
  await page.getByLabel('Id', { exact: true }).fill('acme')
  await page.getByRole('button', { name: 'Create' }).click()
  await page.getByText('DuplicatedEntityNotAllowed').or(page.getByText('acme')).last().waitFor()
  assert.equal(await page.getByLabel('Name optional').inputValue(), 'Some name')
})

test('text of customers is never markup', async (t) => {
  const tenant = await world.tenant()
  await tenant.ok('v1.customers.provision', {
    body: { id: 'x', name: MARKUP, email: 'a@b.example', metadata: { [MARKUP]: MARKUP } },
  })
  const page = await openConsole(t, { tenant })
  await page.getByRole('link', { name: MARKUP }).click()
  await page.getByRole('heading', { name: MARKUP, exact: true }).waitFor()
  assert.equal(await page.locator('img').count(), 0)
})

test('a read-only key sees the reason, and changes nothing', async (t) => {
  const tenant = await world.tenant()
  await tenant.ok('v1.customers.provision', { body: { id: 'acme', name: 'Acme' } })
  const page = await openConsole(t, { tenant, key: await tenant.newKey('read-only') })
  const button = page.getByRole('button', { name: 'New customer' })
  await button.click({ force: true })
  await page.keyboard.press('n')
  assert.equal(await page.getByRole('dialog').count(), 0)
  await button.hover()
  await page.getByText(/lacks the permission customers:write/).waitFor()
})

test('a customer that does not exist says so', async (t) => {
  const tenant = await world.tenant()
  const page = await openConsole(t, { tenant, path: '/customers/nobody', expected: [404] })
  await page.getByText('CustomerNotFound').waitFor()
})

test('a list is read on by scrolling', async (t) => {
  const tenant = await world.tenant()
  const rows = Array.from({ length: 130 }, (_, index) => ({ id: `c-${index}`, name: `N ${index}` }))
  await tenant.ok('v1.customers.import', { body: { customers: rows } })
  const page = await openConsole(t, { tenant })
  await page.getByRole('link', { name: 'N 129' }).waitFor()
  await page.getByRole('link', { name: 'N 85' }).scrollIntoViewIfNeeded()
  await page.getByRole('link', { name: 'N 40' }).scrollIntoViewIfNeeded()
  await page.getByRole('link', { name: 'N 0', exact: true }).waitFor()
})
