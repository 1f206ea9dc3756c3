import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Browser } from 'playwright-core'
import { addressOfView, type Ids, VIEWS } from '../../test/browser/console/views.ts'
import { launchChromium } from '../../test/support/chromium.ts'
import { ROOT } from '../tidy/project.ts'

const WIDTHS = [390, 1440] as const
const THEMES = ['light', 'dark'] as const
/** How long a view may take to read its data, in milliseconds. Its picture is made anyway. */
const READ_MS = 15_000
/** The API reference draws every operation before it shows one. */
const DOCS_MS = 180_000
const MOST_TURNS = 40
const TURN_MS = 500

/** Objects of the demo data that the views show. */
const DEMO = { customer: 'orrery', feature: 'ai-tokens', entity: 'agent-sweep-planner' }
/** Sold by the product that is made for the pictures, if it is not there. */
const SOLD = { product: 'assistant', plan: 'pro', addon: 'more-seats', subscription: 'sold-pro' }

type Server = { url: string; key: string }

/**
 * Makes pictures of every view in each theme and width, of what its buttons open, and of the API
 * reference. They show the server at `BURSAR_URL`, with the demo data.
 */
export async function makePictures(folder: string): Promise<void> {
  const url = process.env.BURSAR_URL ?? 'http://127.0.0.1:4242'
  const file = () => readFileSync(join(ROOT, '.bursar/api-key'), 'utf8').trim()
  const server = { url, key: process.env.BURSAR_API_KEY ?? file() }
  mkdirSync(folder, { recursive: true })
  const environment = (await ask<{ environment: { id: string } }>(server, 'whoami')).environment.id
  await sell(server)
  const made = { decision: await lastDenial(server), task: await lastTask(server) }
  const ids = { ...DEMO, ...SOLD, ...made }
  const browser = await launchChromium()
  try {
    for (const width of WIDTHS)
      for (const theme of THEMES)
        await picturesOf(browser, { server, environment, ids, folder, width, theme })
  } finally {
    await browser.close()
  }
}

async function ask<Data>({ url, key }: Server, path: string, body?: object): Promise<Data> {
  const response = await fetch(`${url}/api/v1/${path}`, {
    headers: { 'x-api-key': key, 'content-type': 'application/json' },
    ...(body && { method: 'POST', body: JSON.stringify(body) }),
  })
  if (!response.ok) throw new Error(`${url} answers ${response.status}: ${await response.text()}`)
  return ((await response.json()) as { data: Data }).data
}

/** Makes a product whose plan and add-on are published, with a draft of each. */
async function sell(server: Server): Promise<void> {
  const { product, plan, addon } = SOLD
  if ((await ask<unknown[]>(server, `products?id=${product}`)).length > 0) return
  await ask(server, 'products', { id: product, displayName: 'Assistant' })
  const terms = { productId: product, pricingType: 'PAID' }
  await ask(server, 'plans', { id: plan, displayName: 'Pro', ...terms })
  await ask(server, 'addons', { id: addon, displayName: 'More seats', maxQuantity: 10, ...terms })
  for (const path of [`addons/${addon}`, `plans/${plan}`]) {
    await ask(server, `${path}/publish`, { migrationType: 'NEW_CUSTOMERS' })
    await ask(server, `${path}/draft`, {})
  }
  const subscription = { id: SOLD.subscription, customerId: DEMO.customer, planId: plan }
  await ask(server, 'subscriptions', subscription)
}

/** Returns the id of the last task. Publishes a plan for all customers if there is none. */
async function lastTask(server: Server): Promise<string> {
  const [last] = await ask<{ id: string }[]>(server, 'tasks?limit=1')
  if (last !== undefined) return last.id
  const plan = `plans/${SOLD.plan}`
  const body = { migrationType: 'ALL_CUSTOMERS' }
  const { taskId } = await ask<{ taskId: string }>(server, `${plan}/publish`, body)
  await ask(server, `${plan}/draft`, {})
  return taskId
}

/** Returns the id of the last denial. Asks for too much if there is none. */
async function lastDenial(server: Server): Promise<string> {
  const list = () => ask<{ id: string }[]>(server, 'decisions?limit=1')
  const [first] = await list()
  if (first !== undefined) return first.id
  const question = `featureId=${DEMO.feature}&requestedUsage=999999999999999`
  const who = `dimensions[agentId]=${DEMO.entity}`
  await ask(server, `customers/${DEMO.customer}/entitlements/check?${question}&${who}`)
  // Denials are written some time after they were answered.
  for (let turn = 0; turn < MOST_TURNS; turn += 1) {
    const [made] = await list()
    if (made !== undefined) return made.id
    await delay(TURN_MS)
  }
  throw new Error('run npx bursar demo first: nothing was denied')
}

async function picturesOf(
  browser: Browser,
  from: {
    server: Server
    environment: string
    ids: Ids
    folder: string
    width: number
    theme: 'light' | 'dark'
  },
): Promise<void> {
  const { server, environment, ids, folder, width, theme } = from
  const viewport = { width, height: width < 768 ? 844 : 900 }
  const context = await browser.newContext({ colorScheme: theme, viewport })
  const page = await context.newPage()
  const shoot = async (name: string, fullPage = true) => {
    const plain = name.replaceAll(/\W+/g, '-').replaceAll(/^-|-$/g, '')
    await page.screenshot({ path: join(folder, `${plain}.${width}.${theme}.png`), fullPage })
  }
  await page.goto(`${server.url}/sign-in`)
  await page.getByRole('button', { name: 'Sign in' }).waitFor()
  await shoot('sign-in')
  await page.evaluate((key) => sessionStorage.setItem('bursar.credential', key), server.key)
  for (const [route, { shows, opens = [] }] of Object.entries(VIEWS)) {
    const address = `${server.url}/e/${environment}${addressOfView(route, ids)}`
    const read = async () => {
      await page.goto(address)
      await shows(page, ids)
        .waitFor({ timeout: READ_MS })
        .catch(() => process.stderr.write(`${route} shows less than expected\n`))
      await page.locator('[aria-busy]').first().waitFor({ state: 'hidden', timeout: READ_MS })
    }
    await read()
    await shoot(route)
    for (const [at, name] of opens.entries()) {
      await read()
      const button = page.locator('main').getByRole('button', { name, exact: true }).first()
      await button.click({ timeout: READ_MS }).catch(() => null)
      await page.waitForTimeout(200)
      await shoot(`${route}-opens-${at}`, false)
    }
  }
  await page.goto(`${server.url}/docs`)
  await page.locator('.opblock').first().waitFor({ timeout: DOCS_MS })
  await shoot('docs', false)
  await context.close()
}
