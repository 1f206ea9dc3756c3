/// <reference lib="dom" />

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { addMember } from '../../support/persons.ts'
import { openConsole, slowReads, world } from './open-console.ts'

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

test('a member is added, changed, undone and removed', async (t) => {
  const tenant = await world.tenant()
  const page = await openConsole(t, { tenant, path: '/settings/members', expected: [400] })
  const dialog = page.getByRole('dialog')
  await page.getByRole('button', { name: 'Add member' }).click()
  await dialog.getByLabel('Subject').fill('x'.repeat(256))
  await dialog.getByRole('button', { name: 'Add' }).click()
  await dialog.locator('[name="path:userId"][aria-invalid=true]').waitFor()
  await dialog.getByLabel('Subject').fill('auth0|ann/1')
  await dialog.getByLabel('Role').selectOption('OWNER')
  await dialog.getByRole('button', { name: 'Add' }).click()
  await dialog.locator('[name=role][aria-invalid=true]').waitFor()
  await dialog.getByLabel('Role').selectOption('SUPPORT')
  await dialog.getByRole('button', { name: 'Add' }).click()
  await page.getByText('auth0|ann/1 is SUPPORT here.').waitFor()
  const params = { userId: 'auth0|ann/1' }
  const stored = async () => (await tenant.ok('v1.members.retrieve', { params })).data.role
  const row = page.getByRole('row', { name: /ann/ })
  await row.getByRole('button', { name: 'Change' }).click()
  await dialog.getByLabel('Role').selectOption('ADMIN')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByText('auth0|ann/1 is ADMIN now.').waitFor()
  assert.equal(await stored(), 'ADMIN')
  // The newest line is the first. Adding can be undone, too.
  await page.getByRole('button', { name: 'Undo' }).first().click()
  await page.getByText('Undone.').waitFor()
  assert.equal(await stored(), 'SUPPORT')
  await row.getByRole('button', { name: 'Remove' }).click()
  await dialog.getByRole('button', { name: 'Remove' }).click()
  await page.getByText('auth0|ann/1 was removed.').waitFor()
  await page.getByText('No members yet.').waitFor()
})

test('somebody who is a member already is not added, and adding is undone', async (t) => {
  const tenant = await world.tenant()
  const environments = { [tenant.id]: 'ADMIN' } as const
  await addMember(world.bursar.app, tenant, { userId: 'ann', environments })
  const page = await openConsole(t, { tenant, path: '/settings/members' })
  const dialog = page.getByRole('dialog')
  const add = dialog.getByRole('button', { name: 'Add' })
  await page.getByRole('row', { name: /ann/ }).waitFor()
  await page.getByRole('button', { name: 'Add member' }).click()
  // No key skips a field that has to be filled.
  await dialog.getByLabel('Subject').press('Control+Enter')
  assert.equal(await dialog.locator('[name="path:userId"]:invalid').count(), 1)
  await dialog.getByLabel('Subject').fill(' ann ')
  await add.click()
  await page.getByText(/^ann is a member already/).waitFor()
  await dialog.getByLabel('Subject').fill(' ben ')
  await add.click()
  await page.getByText('ben is VIEWER here.').waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByText('Undone.').waitFor()
  const { data } = await tenant.ok('v1.members.list', {})
  assert.deepEqual(
    data.map(({ userId, role }) => [userId, role]),
    [['ann', 'ADMIN']],
  )
})

test('a member whom somebody changes twice in a row was not changed meanwhile', async (t) => {
  const tenant = await world.tenant()
  const params = { userId: 'ann' }
  await tenant.ok('v1.members.upsert', { params, body: { role: 'VIEWER' } })
  const page = await openConsole(t, { tenant, path: '/settings/members' })
  await slowReads(page, '**/members/ann')
  const field = page.getByRole('dialog').getByLabel('Role')
  for (const [former, role] of [
    ['VIEWER', 'SUPPORT'],
    ['SUPPORT', 'ADMIN'],
  ] as const) {
    await page.getByRole('button', { name: 'Change' }).click()
    await field.waitFor()
    assert.equal(await field.inputValue(), former)
    await field.selectOption(role)
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText(`ann is ${role} now.`).waitFor()
    await field.waitFor({ state: 'hidden' })
  }
})

test('a change of a member is undone in its history', async (t) => {
  const tenant = await world.tenant()
  const params = { userId: 'ann' }
  for (const role of ['VIEWER', 'ADMIN'])
    await tenant.ok('v1.members.upsert', { params, body: { role } })
  // Another object with the same id, which changed later.
  await tenant.ok('v1.customers.provision', { body: { id: 'ann', name: 'Ann' } })
  const page = await openConsole(t, { tenant, path: '/settings/members' })
  await page.getByRole('link', { name: 'ann' }).click()
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByText('Undone.').waitFor()
  assert.equal((await tenant.ok('v1.members.retrieve', { params })).data.role, 'VIEWER')
})

test('who may not change members sees them, and why', async (t) => {
  const tenant = await world.tenant()
  await addMember(world.bursar.app, tenant, { userId: 'the owner', role: 'OWNER' })
  const change = (page: Page) => page.getByRole('button', { name: 'Change' })
  const full = await openConsole(t, { tenant, path: '/settings/members' })
  await change(full).hover()
  await full.getByText(/^Only an owner of the account/).waitFor()
  const key = await tenant.newKey('read-only')
  const page = await openConsole(t, { tenant, key, path: '/settings/members' })
  for (const button of [change(page), page.getByRole('button', { name: 'Add member' })]) {
    await button.hover()
    await page.getByText(/lacks the permission members:write/).waitFor()
  }
})

test('the environments that the caller may open are listed', async (t) => {
  const tenant = await world.tenant()
  const page = await openConsole(t, { tenant, path: '/settings/environments' })
  const row = page.getByRole('row', { name: /this one/ })
  await row.getByText('full-access').waitFor()
  await row.getByRole('link').click()
  await page.waitForURL(/\/home$/)
})
