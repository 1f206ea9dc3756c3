/// <reference lib="dom" />

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressOf, openConsole, world } from './open-console.ts'

test('a key signs in, leads to its environment, and is in no address', async (t) => {
  const tenant = await world.tenant()
  const page = await openConsole(t, { tenant, key: null, expected: [401] })
  const field = page.getByLabel('API key, or a person’s token')
  await field.fill('server-wrong')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByText('The server does not know this key.').waitFor()
  assert.equal(await field.inputValue(), 'server-wrong', 'what was typed is lost')
  await field.fill(tenant.key)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Home', exact: true }).waitFor()
  assert.ok(page.url().startsWith(addressOf(tenant, '/')))
  assert.ok(!page.url().includes(tenant.key))
  assert.deepEqual(await page.context().cookies(), [])
  const stored = await page.evaluate(() => JSON.stringify(localStorage))
  assert.ok(!stored.includes(tenant.key), 'the key outlives the tab, without being asked to')
})

test('a key that is revoked leads to the sign-in, and from there back', async (t) => {
  const tenant = await world.tenant()
  const page = await openConsole(t, {
    tenant,
    key: 'server-revoked',
    path: '/customers?q=acme',
    expected: [401],
  })
  await page.getByLabel('API key, or a person’s token').fill(tenant.key)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Customers', exact: true }).waitFor()
  assert.equal(page.url(), addressOf(tenant, '/customers?q=acme'))
})

test('a link with a code signs in, once, and its code leaves the address', async (t) => {
  const tenant = await world.tenant()
  const { data } = await tenant.ok('v1.signInCodes.create', { body: {} })
  assert.ok(data.code)
  const page = await openConsole(t, { tenant, key: null, expected: [401] })
  await page.getByLabel('API key, or a person’s token').waitFor()
  await page.goto(`${new URL(page.url()).origin}/docs`)
  await page.goto(`${new URL(page.url()).origin}/sign-in#code=${data.code}`)
  await page.getByRole('heading', { name: 'Home', exact: true }).waitFor()
  assert.ok(!page.url().includes(data.code))
})

test('a sign-in leads to no other site', async (t) => {
  const tenant = await world.tenant()
  const page = await openConsole(t, { tenant, key: null, expected: [401] })
  for (const to of ['https://elsewhere.example/', '//elsewhere.example', '/e//elsewhere.example']) {
    await page.goto(`${new URL(page.url()).origin}/sign-in?to=${encodeURIComponent(to)}`)
    await page.getByLabel('API key, or a person’s token').fill(tenant.key)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('heading', { name: 'Home', exact: true }).waitFor()
    assert.ok(page.url().startsWith(addressOf(tenant, '/')), to)
  }
})

test('keys lead to views and rows, and none fires while somebody types', async (t) => {
  const tenant = await world.tenant()
  await tenant.ok('v1.customers.provision', { body: { id: 'acme', name: 'Acme' } })
  const page = await openConsole(t, { tenant })
  await page.getByRole('link', { name: 'Acme' }).waitFor()
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Acme', exact: true }).waitFor()
  await page.keyboard.press('g')
  await page.keyboard.press('c')
  await page.getByRole('heading', { name: 'Customers', exact: true }).waitFor()
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'Keys' }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
  await page.keyboard.press('/')
  await page.keyboard.type('gc?n')
  assert.equal(await page.getByRole('searchbox').inputValue(), 'gc?n')
  assert.equal(await page.getByRole('dialog').count(), 0)
})

test('the theme that was chosen stays, and is there before the first paint', async (t) => {
  const tenant = await world.tenant()
  const page = await openConsole(t, { tenant })
  const background = () =>
    page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
  const light = await background()
  await page.getByRole('button', { name: 'Theme of the system' }).click()
  await page.getByRole('menuitem', { name: 'Dark theme' }).click()
  await page.getByRole('button', { name: 'Dark theme' }).waitFor()
  const dark = await background()
  assert.notEqual(dark, light)
  await page.reload()
  assert.equal(await background(), dark)
})
