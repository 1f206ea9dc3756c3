/// <reference lib="dom" />

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { startChromium } from '../../support/chromium.ts'
import { DEADLINE_MS } from '../../support/deadline.ts'
import { openWorld, type Tenant } from '../../support/world.ts'

export const world = await openWorld()
const origin = await world.bursar.server.listen({ host: '127.0.0.1', port: 0 })
const browser = await startChromium()

const SLOW_MS = 300

export type Visit = {
  tenant: Tenant
  /** Below the environment, as in `/customers`. Null: no page is opened yet. */
  path?: string | null
  /** Null: nobody has signed in. Default: the tenant's full-access key. */
  key?: string | null
  colorScheme?: 'light' | 'dark'
  width?: number
  /**
   * Statuses of responses that the test expects, which the browser logs as errors. 0: no response.
   */
  expected?: readonly number[]
}

/**
 * The console, as somebody sees it who has signed in. The test fails if the page breaks its content
 * security policy, logs an error or a warning, or asks another server.
 */
export async function openConsole(t: TestContext, visit: Visit): Promise<Page> {
  const { tenant, path = '/customers', key = tenant.key, width = 1440, expected = [] } = visit
  const context = await browser.newContext({
    colorScheme: visit.colorScheme ?? 'light',
    viewport: { width, height: 900 },
    // Otherwise colors are measured while something fades in.
    reducedMotion: 'reduce',
  })
  context.setDefaultTimeout(DEADLINE_MS)
  if (key !== null)
    await context.addInitScript((secret: string) => {
      sessionStorage.setItem('bursar.credential', secret)
    }, key)
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    const text = message.text()
    const isExpected = expected.some((status) =>
      text.includes(status === 0 ? 'net::ERR_' : `status of ${status}`),
    )
    if (['error', 'warning'].includes(message.type()) && !isExpected) complaints.push(text)
  })
  page.on('dialog', (dialog) => {
    complaints.push(`said ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(`${origin}/`) && !url.startsWith('data:'))
      complaints.push(`asked for ${url}`)
  })
  t.after(async () => {
    await context.close()
    assert.deepEqual(complaints, [], 'the page had something to complain about')
  })
  if (path !== null) await page.goto(key === null ? `${origin}/` : addressOf(tenant, path))
  return page
}

/** Lets the page wait for what it reads at these addresses, as on a slow network. */
export const slowReads = (page: Page, addresses: string): Promise<unknown> =>
  page.route(addresses, async (route) => {
    if (route.request().method() === 'GET') await delay(SLOW_MS)
    await route.fallback()
  })

export const addressOf = (tenant: Tenant, path: string): string => `${origin}/e/${tenant.id}${path}`
