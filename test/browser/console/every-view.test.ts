import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { rankAll } from '../../support/ranking.ts'
import { axeFindings } from './axe.ts'
import { furnishHostile } from './furnish.ts'
import { layoutProblems } from './layout.ts'
import { addressOf, openConsole, world } from './open-console.ts'
import { addressOfView, routesOfConsole, VIEWS } from './views.ts'

const MOST_REQUESTS = 6
const WIDTHS = [1440, 360]

const tenant = await world.tenant()
const ids = await furnishHostile(tenant)
await rankAll(world.bursar.app, tenant.scope)

test('every view has a row in the table of views', () => {
  assert.deepEqual(Object.keys(VIEWS).toSorted(), routesOfConsole().toSorted())
})

/** Fails if a page cannot be read by everybody: light and dark, wide and narrow. */
async function assertReadable(page: Page, widths = WIDTHS): Promise<void> {
  // Data of former filters is dimmed until the new data is there.
  await page
    .locator('[aria-busy="true"]:not([role="status"])')
    .first()
    .waitFor({ state: 'detached' })
  const problems: string[] = []
  const note = (where: string, found: readonly string[]) =>
    problems.push(...found.map((line) => `${where}: ${line}`))
  for (const width of widths) {
    await page.setViewportSize({ width, height: 900 })
    await page.emulateMedia({ colorScheme: 'light' })
    note(`${width} px`, await layoutProblems(page))
    note(`${width} px`, await axeFindings(page))
    // A theme changes colors, and nothing else.
    await page.emulateMedia({ colorScheme: 'dark' })
    note(`${width} px, dark`, await axeFindings(page, ['color-contrast']))
  }
  assert.equal(await page.locator('img').count(), 0, 'text became markup')
  assert.deepEqual(problems, [])
}

for (const [route, { shows, opens = [] }] of Object.entries(VIEWS)) {
  test(`${route} is readable by everybody, and opens with few requests`, async (t) => {
    const page = await openConsole(t, { tenant, path: null })
    const requests = new Set<string>()
    page.on('request', (request) => {
      const { pathname } = new URL(request.url())
      if (pathname.startsWith('/api/')) requests.add(`${request.method()} ${request.url()}`)
    })
    await page.goto(addressOf(tenant, addressOfView(route, ids)))
    await shows(page, ids).waitFor()
    await page.locator('[aria-busy]').first().waitFor({ state: 'hidden' })
    assert.ok(requests.size <= MOST_REQUESTS, [...requests].join('\n'))
    await assertReadable(page)
  })

  for (const name of opens)
    test(`${route}: what ${name} opens is readable by everybody`, async (t) => {
      const page = await openConsole(t, { tenant, path: addressOfView(route, ids) })
      await page.locator('main').getByRole('button', { name, exact: true }).first().click()
      await page.getByRole('dialog').waitFor()
      await assertReadable(page)
    })
}

/** What is opened over views: where, how, and at which widths. */
type Overlay = { path?: string; widths?: number[]; open: (page: Page) => Promise<void> }

const OPENINGS: Readonly<Record<string, Overlay>> = {
  'the search': {
    open: async (page) => {
      await page.keyboard.press('Control+k')
      await page.getByRole('option').first().waitFor()
    },
  },
  'the sheet of views': {
    widths: [360],
    open: async (page) => {
      await page.setViewportSize({ width: 360, height: 900 })
      await page.getByRole('button', { name: 'Navigation' }).click()
      await page.locator('nav[data-open=true]').waitFor()
    },
  },
  'the sheet of keys': {
    open: async (page) => {
      await page.keyboard.press('?')
      await page.getByRole('dialog', { name: 'Keys' }).waitFor()
    },
  },
  'the menu of the caller': {
    open: async (page) => {
      await page.getByRole('button', { name: /, full-access$/ }).click()
      await page.getByRole('menuitem').first().waitFor()
    },
  },
  'the panel of an entity': {
    path: `/customers/${ids.customer}/budgets?entity=${ids.entity}`,
    open: (page) => page.getByRole('dialog').getByText('Above it').waitFor(),
  },
  'a change': {
    path: '/activity',
    open: async (page) => {
      await page.locator('main tbody a').first().click()
      await page.getByText('before', { exact: true }).waitFor()
    },
  },
}

for (const [what, { path = '/home', widths, open }] of Object.entries(OPENINGS))
  test(`${what} is readable by everybody`, async (t) => {
    const page = await openConsole(t, { tenant, path })
    await page.locator('main h1').waitFor()
    await open(page)
    await assertReadable(page, widths)
  })

test('the sign-in is readable by everybody, also with an error', async (t) => {
  const page = await openConsole(t, { tenant, key: null, expected: [401] })
  await page.getByRole('button', { name: 'Sign in' }).waitFor()
  await assertReadable(page)
  await page.getByLabel('API key, or a person’s token').fill('server-unknown')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByText('The server does not know this key.').waitFor()
  await assertReadable(page)
})
