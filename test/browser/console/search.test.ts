import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countClicks } from './clicks.ts'
import { addressOf, openConsole, world } from './open-console.ts'
import { furnishOrrery } from './orrery.ts'

test('one search finds objects of all kinds, views and actions, with the keyboard alone', async (t) => {
  const tenant = await world.tenant()
  await furnishOrrery(tenant)
  await tenant.ok('v1.products.createProduct', { body: { id: 'sky', displayName: 'Sky maps' } })
  const sold = { productId: 'sky', pricingType: 'PAID' } as const
  await tenant.ok('v1.plans.create', { body: { id: 'zenith', displayName: 'Highest', ...sold } })
  await tenant.ok('v1.addons.create', { body: { id: 'lens', displayName: 'Big lens', ...sold } })
  const page = await openConsole(t, { tenant, path: '/home' })
  await page.getByRole('heading', { name: 'Home', exact: true }).waitFor()
  const found: [text: string, option: RegExp, path: string][] = [
    ['orr', /Orrery orrery/, '/customers/orrery'],
    ['index', /Indexer agent-7 of orrery/, '/customers/orrery/budgets?entity=agent-7'],
    ['calls of', /Calls of the model calls/, '/features/calls'],
    ['sky', /Sky maps sky/, '/products/sky'],
    ['highe', /Highest zenith/, '/plans/zenith'],
    ['lens', /Big lens lens/, '/add-ons/lens'],
    ['robo', /Robot robot/, '/entity-types?edit=robot'],
    ['denia', /Denials/, '/decisions'],
    ['settings: s', /Settings: Server/, '/settings/server'],
  ]
  for (const [text, option, path] of found) {
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: 'Search' }).fill(text)
    await page
      .getByRole('option', { name: option })
      .and(page.locator('[aria-selected=true]'))
      .waitFor()
    await page.keyboard.press('Enter')
    await page.waitForURL(addressOf(tenant, path))
    await page.getByRole('dialog', { name: 'Search' }).waitFor({ state: 'hidden' })
    // Panels and dialogs that an address opens are left behind.
    await page.goto(addressOf(tenant, '/customers'))
    await page.getByRole('heading', { name: 'Customers', exact: true }).waitFor()
  }
  await page.keyboard.press('Control+k')
  await page.keyboard.type('new cust')
  await page.keyboard.press('Enter')
  await page.getByRole('dialog', { name: 'New customer' }).waitFor()
})

test('Enter opens what the text finds, also before the answer is there', async (t) => {
  const tenant = await world.tenant()
  await furnishOrrery(tenant)
  const page = await openConsole(t, { tenant })
  await page.getByRole('link', { name: 'Orrery' }).waitFor()
  await page.keyboard.press('Control+k')
  await page.keyboard.type('indexer')
  await page.keyboard.press('Enter')
  await page.waitForURL(addressOf(tenant, '/customers/orrery/budgets?entity=agent-7'))
})

test('a search asks once for what was typed, and says when it finds nothing', async (t) => {
  const tenant = await world.tenant()
  await furnishOrrery(tenant)
  const page = await openConsole(t, { tenant })
  const asked: string[] = []
  page.on('request', (request) => {
    const url = new URL(request.url())
    if (url.pathname === '/api/v1/search') asked.push(url.searchParams.get('q') ?? '')
  })
  await page.getByRole('link', { name: 'Orrery' }).waitFor()
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox', { name: 'Search' }).fill('zzz')
  await page.getByText('Nothing begins with this text.').waitFor()
  await page.getByRole('combobox', { name: 'Search' }).fill('z'.repeat(500))
  await page.getByText('Nothing begins with this text.').waitFor()
  assert.ok(asked.every((text) => text.length <= 100))
  assert.equal(asked[0], 'zzz')
})

test('why an agent was denied takes three clicks, from anywhere', async (t) => {
  const tenant = await world.tenant()
  await furnishOrrery(tenant)
  const page = await openConsole(t, { tenant, path: '/features' })
  await page.getByRole('heading', { name: 'Features', exact: true }).waitFor()
  const clicks = await countClicks(page)
  await page.keyboard.press('Control+k')
  await page.keyboard.type('Indexer')
  await page.getByRole('option', { name: /Indexer/ }).click()
  const panel = page.getByRole('dialog', { name: 'Indexer' })
  await panel.getByRole('table', { name: 'Last denials' }).getByRole('link').first().click()
  await page.getByRole('heading', { name: 'Denial', exact: true }).waitFor()
  await page.getByText('stops here').waitFor()
  await page.getByText(/Indexer may use 10/).waitFor()
  assert.ok((await clicks()) <= 3)
})
