import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { errors, type Locator, type Page, type Route } from 'playwright-core'
import { rankAll } from '../../support/ranking.ts'
import { furnishHostile } from './furnish.ts'
import { addressOf, openConsole, world } from './open-console.ts'
import { addressOfView, VIEWS } from './views.ts'

const tenant = await world.tenant()
const ids = await furnishHostile(tenant)
await rankAll(world.bursar.app, tenant.scope)
const readOnly = await tenant.newKey('read-only')

/** What happens to the calls of a page. 0: the server does not answer. `held`: not yet. */
type Weather = 'fine' | 'held' | 0 | 401 | 403 | 429 | 503

type Stage = { page: Page; weather: Weather; release: () => Promise<void> }

const WHO = '/api/v1/whoami'
/** Longer than the longest pause between two readings of a view, in milliseconds. */
const POLL_MS = 61_000
/** Time that passes in the page in one turn, and time that it gets to answer. */
const STEP_MS = 5000
const TURN_MS = 50
const MOST_TURNS = 400
/** Buttons that are pressed in a view: rows repeat theirs. */
const MOST_PRESSES = 12
/** How long a press waits for its button, in milliseconds, before it looks whether there is one. */
const PRESS_MS = 2000
const TYPED = 'what somebody has typed'

/** A page whose calls fail as the test says. `isWhoKnown`: those that ask who calls do not. */
async function openStage(t: TestContext): Promise<Stage> {
  const page = await openConsole(t, {
    tenant,
    path: null,
    expected: [0, 401, 403, 404, 429, 503],
  })
  await page.clock.install()
  const held: (() => Promise<void>)[] = []
  const stage: Stage = {
    page,
    weather: 'fine',
    release: async () => {
      stage.weather = 'fine'
      for (const go of held.splice(0)) await go()
    },
  }
  await page.route('**/api/**', async (route) => {
    const { weather } = stage
    const isWho = new URL(route.request().url()).pathname === WHO
    if (weather === 'fine' || (isWho && weather !== 401)) return route.fallback()
    if (weather === 'held') return void held.push(() => route.fallback())
    return weather === 0 ? route.abort() : refuse(route, weather)
  })
  return stage
}

const refuse = (route: Route, status: number): Promise<void> =>
  route.fulfill({
    status,
    headers: status === 403 ? {} : { 'retry-after': '1' },
    json: { message: `No, says ${status}.`, code: null },
  })

/** Lets time pass in the page until something is so: it repeats its calls by itself. */
async function pass(page: Page, isSo: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; !(await isSo()); turn += 1) {
    assert.ok(turn < MOST_TURNS, `it is still not so: ${isSo}`)
    await page.clock.fastForward(STEP_MS)
    await page.waitForTimeout(TURN_MS)
  }
}

/**
 * Presses a button by its place. False: there is none. What was pressed before can change the view
 * at any time, so a button that was there a moment ago can be gone.
 */
async function press(buttons: Locator, at: number): Promise<boolean> {
  while ((await buttons.count()) > at)
    try {
      await buttons.nth(at).click({ force: true, timeout: PRESS_MS })
      return true
    } catch (error) {
      if (!(error instanceof errors.TimeoutError)) throw error
    }
  return false
}

const addressFor = (route: string): string => addressOf(tenant, addressOfView(route, ids))

/** Views that say what they read. */
const READING = Object.entries(VIEWS).filter(([, { isLocal = false }]) => !isLocal)

/** How the first call of a view fails, from view to view in turn. */
const FIRST: readonly Weather[] = [503, 0, 403, 429]

for (const [at, [route, row]] of READING.entries())
  test(`${route} says what it waits for and what fails, and recovers by itself`, async (t) => {
    const stage = await openStage(t)
    const { page } = stage
    const there = row.shows(page, ids)
    const retrying = page.getByText('retrying')
    stage.weather = 'held'
    await page.goto(addressFor(route))
    await page.getByRole('status', { name: 'Loading' }).first().waitFor()
    stage.weather = FIRST[at % FIRST.length] ?? 0
    await page.reload()
    await pass(page, () => page.getByRole('alert').first().isVisible())
    stage.weather = 'fine'
    await pass(page, () => there.isVisible())
    await pass(page, async () => !(await retrying.isVisible()))
    stage.weather = 0
    await page.keyboard.press('Shift+R')
    await pass(page, () => retrying.isVisible())
    assert.ok(await there.isVisible(), 'what was read is gone')
    stage.weather = 'fine'
    await pass(page, async () => !(await retrying.isVisible()))
    await stage.release()
  })

const FORMS = Object.entries(VIEWS).flatMap(([route, { opens = [] }]) =>
  opens.map((name) => [route, name] as const),
)

for (const [at, [route, name]] of FORMS.entries())
  test(`${route}: what is typed in ${name} outlives failures of reading and of sending`, async (t) => {
    const stage = await openStage(t)
    const { page } = stage
    await page.goto(addressFor(route))
    await page.locator('main').getByRole('button', { name, exact: true }).first().click()
    const dialog = page.getByRole('dialog')
    // A dialog that reads its object first has no form before.
    await dialog.locator('form').waitFor()
    const fields = dialog.locator('input:not([type]), input[type=text]')
    // Fields that come later, such as those of a feature that is read then, may come before it.
    const field = (await fields.count()) > 0 ? await fields.first().elementHandle() : null
    await field?.fill(TYPED)
    stage.weather = FIRST[at % FIRST.length] ?? 0
    await page.clock.fastForward(POLL_MS)
    await dialog.locator('form').evaluate((form) => (form as HTMLFormElement).requestSubmit())
    await page.clock.fastForward(POLL_MS)
    assert.ok(await dialog.isVisible(), 'the dialog is gone')
    if (field !== null) assert.equal(await field.inputValue(), TYPED)
  })

for (const [route, row] of Object.entries(VIEWS))
  test(`a read-only key sees ${route}, and nothing that it presses there changes anything`, async (t) => {
    const page = await openConsole(t, {
      tenant,
      key: readOnly,
      path: null,
      expected: [400, 403, 404],
    })
    const writes: string[] = []
    page.on('request', (request) => {
      if (request.method() !== 'GET') writes.push(`${request.method()} ${request.url()}`)
    })
    await page.goto(addressFor(route))
    await row
      .shows(page, ids)
      .or(page.getByText(/lacks the permission/))
      .first()
      .waitFor()
    const buttons = page.locator('main button:not([aria-disabled=true])')
    for (let at = 0; at < MOST_PRESSES && (await press(buttons, at)); at += 1) {
      const submit = page.getByRole('dialog').locator('button[type=submit]')
      if (await submit.isVisible()) assert.equal(await submit.getAttribute('aria-disabled'), 'true')
      await page.keyboard.press('Escape')
    }
    assert.deepEqual(writes, [])
  })

test('a key that ends while a view is shown leads to the sign-in, and back to the view', async (t) => {
  const stage = await openStage(t)
  const { page } = stage
  await page.goto(addressFor('/customers'))
  await page.getByRole('heading', { name: 'Customers', exact: true }).waitFor()
  stage.weather = 401
  await page.keyboard.press('Shift+R')
  const field = page.getByLabel('API key, or a person’s token')
  await field.waitFor()
  stage.weather = 'fine'
  await field.fill(tenant.key)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Customers', exact: true }).waitFor()
})
