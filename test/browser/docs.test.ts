/// <reference lib="dom" />

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { BrowserContext, Page } from 'playwright-core'
import { contract } from '../support/api-document.ts'
import { startChromium } from '../support/chromium.ts'
import { DEADLINE_MS } from '../support/deadline.ts'
import { openWorld } from '../support/world.ts'

const world = await openWorld()
const origin = await world.bursar.server.listen({ host: '127.0.0.1', port: 0 })
const browser = await startChromium()

type Seen = { page: Page; requests: string[]; complaints: string[] }

/** Opens the API reference. Records all requests, and blocks those to other origins. */
async function open(
  t: TestContext,
  options: { colorScheme?: 'light' | 'dark' } = {},
): Promise<Seen> {
  const context: BrowserContext = await browser.newContext(options)
  t.after(() => context.close())
  context.setDefaultTimeout(DEADLINE_MS)
  const page = await context.newPage()
  const requests: string[] = []
  const complaints: string[] = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  await context.route('**/*', (route) => {
    const url = route.request().url()
    requests.push(url)
    return isOurs(url) ? route.continue() : route.abort()
  })
  await page.goto(`${origin}/docs`)
  // The page shows the operations bit by bit.
  const last = page.locator('.opblock').nth(contract.operations.length - 1)
  await last.waitFor({ state: 'attached' })
  return { page, requests, complaints }
}

const isOurs = (url: string): boolean => url.startsWith(`${origin}/`) || url.startsWith('data:')

function assertQuiet({ requests, complaints }: Seen): void {
  assert.deepEqual(
    requests.filter((url) => !isOurs(url)),
    [],
    'the page asked somebody else',
  )
  assert.deepEqual(complaints, [], 'the page had something to complain about')
}

const pathOf = (url: string): string => new URL(url).pathname

test('the reference shows every operation under its tag, and sends requests only to this server', async (t) => {
  const seen = await open(t)
  const { page, requests } = seen
  assert.equal(await page.title(), 'Bursar API reference')
  const { tags } = contract.document as { tags: { name: string }[] }
  const shown = await page
    .locator('.opblock-tag')
    .evaluateAll((all) => all.map((each) => each.getAttribute('data-tag')))
  assert.deepEqual(
    shown,
    tags.map(({ name }) => name),
  )
  const operations = await page.locator('.opblock').evaluateAll((all) =>
    all.map((each) => {
      const method = each.querySelector('.opblock-summary-method')?.textContent
      return `${method} ${each.querySelector('[data-path]')?.getAttribute('data-path')}`
    }),
  )
  const expected = contract.operations.map(({ method, path }) => `${method} ${path}`)
  assert.deepEqual(operations.sort(), expected.sort())
  assert.ok(await page.locator('.opblock').first().isVisible())
  assert.ok(requests.map(pathOf).includes('/openapi.json'))
  assertQuiet(seen)
})

test('an operation of each tag opens with its responses, without an error in the browser', async (t) => {
  const seen = await open(t)
  for (const tag of await seen.page.locator('.opblock-tag-section').all()) {
    const operation = tag.locator('.opblock').last()
    await operation.locator('.opblock-summary-control').click()
    await operation.locator('.responses-wrapper').waitFor()
  }
  assertQuiet(seen)
})

test('an operation can be tried with a key, on this server', async (t) => {
  const tenant = await world.tenant()
  await tenant.ok('v1.customers.provision', { body: { id: 'northwind', name: 'Northwind' } })
  const seen = await open(t)
  const { page, requests } = seen
  await page.getByRole('button', { name: 'Authorize' }).first().click()
  await page.locator('.auth-container input[type=text]').first().fill(tenant.key)
  await page.locator('.auth-btn-wrapper .authorize').first().click()
  await page.locator('.auth-btn-wrapper .btn-done').first().click()
  const list = page.locator('.opblock', { has: page.locator('[data-path="/api/v1/customers"]') })
  const operation = list.filter({ hasText: 'List customers' }).first()
  await operation.locator('.opblock-summary-control').click()
  await operation.getByRole('button', { name: 'Try it out' }).click()
  await operation.getByRole('button', { name: 'Execute' }).click()
  const answer = operation.locator('.live-responses-table').first()
  await answer.getByText('northwind').first().waitFor()
  assert.ok(requests.map(pathOf).includes('/api/v1/customers'))
  assertQuiet(seen)
})

test('the reference is dark if the browser prefers dark colors', async (t) => {
  const backgroundOf = ({ page }: Seen) =>
    page.evaluate('getComputedStyle(document.documentElement).backgroundColor')
  const light = await open(t, { colorScheme: 'light' })
  const dark = await open(t, { colorScheme: 'dark' })
  assert.notEqual(await backgroundOf(light), await backgroundOf(dark))
  assertQuiet(dark)
})
