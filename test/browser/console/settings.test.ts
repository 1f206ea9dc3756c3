/// <reference lib="dom" />

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openConsole, world } from './open-console.ts'

test('settings of the environment are changed, refused at their field, and undone', async (t) => {
  const tenant = await world.tenant()
  const page = await openConsole(t, { tenant, path: '/settings/environment', expected: [400] })
  await page.getByLabel('Checks with them').selectOption('deny')
  await page.getByLabel('Origins').fill('not an origin')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.locator('[name=allowedOrigins][aria-invalid=true]').waitFor()
  await page.getByRole('button', { name: 'Remove not an origin' }).click()
  await page.getByLabel('Origins').fill('https://app.example.com')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('The settings were changed.').waitFor()
  const stored = async () => (await tenant.ok('v1.environment.settings.retrieve', {})).data
  assert.deepEqual(await stored(), {
    unknownDimensions: 'deny',
    allowedOrigins: ['https://app.example.com'],
  })
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByText('Undone.').waitFor()
  assert.deepEqual(await stored(), { unknownDimensions: 'ignore', allowedOrigins: [] })
})

test('a read-only key sees the server and itself, and changes no settings', async (t) => {
  const tenant = await world.tenant()
  const key = await tenant.newKey('read-only')
  const page = await openConsole(t, { tenant, key, path: '/settings/server' })
  await page.getByText('ready', { exact: true }).waitFor()
  await page.getByText('read-only', { exact: true }).first().waitFor()
  await page.getByRole('link', { name: 'Environment', exact: true }).click()
  await page.getByRole('button', { name: 'Save' }).hover()
  await page.getByText(/lacks the permission environments:write/).waitFor()
})

test('settings without a part lead to the first one', async (t) => {
  const tenant = await world.tenant()
  const page = await openConsole(t, { tenant, path: '/settings' })
  await page.getByLabel('Checks with them').waitFor()
  assert.match(page.url(), /settings\/environment$/)
})

test('theme and density are chosen, and stay', async (t) => {
  const tenant = await world.tenant()
  const page = await openConsole(t, { tenant, path: '/settings/look' })
  await page.getByText('Dark', { exact: true }).click()
  await page.getByText('Compact', { exact: true }).click()
  const look = () => page.evaluate(() => ({ ...document.documentElement.dataset }))
  assert.deepEqual(await look(), { theme: 'dark', density: 'compact' })
  await page.reload()
  assert.deepEqual(await look(), { theme: 'dark', density: 'compact' })
})

test('a key is made, its secret is shown once, and it is revoked', async (t) => {
  const tenant = await world.tenant()
  const page = await openConsole(t, { tenant, path: '/settings/keys' })
  await page.getByRole('button', { name: 'New key' }).click()
  await page.getByLabel('Name').fill('reports')
  await page.getByLabel('What it may do').selectOption('read-only')
  await page.getByRole('button', { name: 'Create' }).click()
  await page.getByText('Copy the secret now.').waitFor()
  const secret = (await page.getByRole('dialog').locator('pre').textContent()) ?? ''
  assert.match(secret, /^\S{30,}$/)
  await page.getByRole('button', { name: 'Done' }).click()
  const row = page.getByRole('row', { name: /reports/ })
  await row.waitFor()
  assert.equal(await page.getByText(secret).count(), 0)
  await row.getByRole('button', { name: 'Revoke' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
  await row.getByText('revoked').waitFor()
})
