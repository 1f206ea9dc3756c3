import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addBudgeted, addTypes } from '../../support/furnish.ts'
import type { Tenant } from '../../support/world.ts'
import { openConsole, world } from './open-console.ts'

/** A team of 250 agents, each with a budget. */
async function furnish(tenant: Tenant): Promise<void> {
  const params = { id: 'acme' }
  await addTypes(tenant, { Team: 'teamId', Agent: 'agentId' })
  await tenant.ok('v1.customers.provision', { body: { id: 'acme', name: 'Acme' } })
  await tenant.ok('v1.features.createFeature', {
    body: { id: 'calls', displayName: 'Calls', featureType: 'NUMBER', meterType: 'INCREMENTAL' },
  })
  await addBudgeted(tenant, 'acme', {
    entity: { id: 'research', entityTypeId: 'team', displayName: 'Research' },
    budget: { featureId: 'calls', usageLimit: 50, cadence: 'P1M' },
  })
  const ids = Array.from({ length: 250 }, (_, at) => `agent-${String(at).padStart(3, '0')}`)
  for (let from = 0; from < ids.length; from += 100) {
    const part = ids.slice(from, from + 100)
    await tenant.ok('v1Beta.customers.entities.upsert', {
      params,
      body: { entities: part.map((id) => ({ id, entityTypeId: 'agent' })) },
    })
    await tenant.ok('v1Beta.customers.assignments.upsert', {
      params,
      body: {
        assignments: part.map((entityId) => ({
          entityId,
          featureId: 'calls',
          usageLimit: 200,
          cadence: 'P1D',
          parentId: 'research',
        })),
      },
    })
  }
}

test('the tree opens, scrolls and edits with the keyboard, and reads only what is in view', async (t) => {
  const tenant = await world.tenant()
  await furnish(tenant)
  const page = await openConsole(t, { tenant, path: '/customers/acme/budgets' })
  const team = page.getByRole('row', { name: /Research research/ })
  await team.focus()
  await page.keyboard.press('ArrowRight')
  const first = page.getByRole('row', { name: /agent-000/ })
  await first.waitFor()
  assert.deepEqual(
    [
      await team.getAttribute('aria-expanded'),
      await first.getAttribute('aria-level'),
      await first.getAttribute('aria-setsize'),
      await page.getByRole('treegrid').getAttribute('aria-rowcount'),
    ],
    ['true', '2', '250', '252'],
  )
  // Its own limit is larger than what is left above it.
  await first.getByText('50 left in Research').waitFor()
  assert.ok((await page.getByRole('row').count()) < 100)
  await page.keyboard.press('End')
  await page.getByRole('row', { name: /agent-249/ }).waitFor()
  await page.keyboard.press('Home')
  await page.locator('[role=row]:focus', { hasText: 'Research' }).waitFor()
  await page.keyboard.press('Enter')
  const panel = page.getByRole('dialog', { name: 'Research' })
  await panel.getByRole('button', { name: 'Edit' }).click()
  await page.getByLabel('Limit optional').fill('70')
  await page.keyboard.press('Enter')
  await panel.getByText('0 of 70 a month').waitFor()
  await page.goBack()
  await panel.waitFor({ state: 'hidden' })
  await page.getByRole('searchbox').fill('agent-123')
  await page.getByRole('row', { name: /agent-123/ }).waitFor()
  assert.equal(await page.getByRole('treegrid').getAttribute('aria-rowcount'), '2')
})

test('an entity is added below another, and can be taken away again', async (t) => {
  const tenant = await world.tenant()
  await furnish(tenant)
  const path = '/customers/acme/budgets?view=flat&q=bot'
  const page = await openConsole(t, { tenant, path, expected: [400, 404] })
  await page.getByText('No entity matches these filters.').waitFor()
  await page.getByRole('button', { name: 'Add entity' }).click()
  await page.getByLabel('Id', { exact: true }).fill('bot-1')
  await page.getByLabel('Type', { exact: true }).fill('agent')
  // The entity is made, and its place is refused: what was typed stays for another attempt.
  await page.getByLabel(/^Below/).fill('nowhere')
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  await page.locator('[name=parentId][aria-invalid=true]').waitFor()
  assert.equal(await page.getByLabel('Id', { exact: true }).inputValue(), 'bot-1')
  await page.getByLabel(/^Below/).fill('research')
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  await page.getByRole('row', { name: /bot-1/ }).waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByText('No entity matches these filters.').waitFor()
})

test('an entity whose dialog is closed before its budget is made is told of, and undone', async (t) => {
  const tenant = await world.tenant()
  await furnish(tenant)
  const path = '/customers/acme/budgets?view=flat&q=bot'
  const page = await openConsole(t, { tenant, path, expected: [400, 404] })
  const dialog = page.getByRole('dialog')
  const add = dialog.getByRole('button', { name: 'Add', exact: true })
  const below = dialog.getByLabel(/^Below/)
  await page.getByText('No entity matches these filters.').waitFor()
  await page.getByRole('button', { name: 'Add entity' }).click()
  await dialog.getByLabel('Id', { exact: true }).fill('bot-1')
  await dialog.getByLabel('Type', { exact: true }).fill('agent')
  await below.fill('nowhere')
  await add.click()
  await dialog.locator('[name=parentId][aria-invalid=true]').waitFor()
  // The newest refusal is the one that is shown.
  await dialog.getByLabel('Type', { exact: true }).fill('no such type')
  await add.click()
  await dialog.locator('[name=entityTypeId][aria-invalid=true]').waitFor()
  await dialog.getByLabel('Type', { exact: true }).fill('agent')
  await dialog.getByLabel('Limit optional').fill('many')
  await add.click()
  await dialog.locator('[name=usageLimit][aria-invalid=true]').waitFor()
  await dialog.getByLabel('Limit optional').fill('10')
  await below.fill('research')
  let release = () => {}
  const isClosed = new Promise<void>((resolve) => {
    release = resolve
  })
  await page.route('**/assignments', async (route) => {
    if (route.request().method() !== 'GET') await isClosed
    await route.fallback()
  })
  const placing = page.waitForRequest(
    (request) => request.method() !== 'GET' && request.url().endsWith('/assignments'),
  )
  await add.click()
  await placing
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'hidden' })
  release()
  await page.getByText('bot-1 was added.').waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByText('No entity matches these filters.').waitFor()
})

test('a budget that is refused after its dialog was closed is told of', async (t) => {
  const tenant = await world.tenant()
  await furnish(tenant)
  const path = '/customers/acme/budgets?view=flat&q=bot'
  const page = await openConsole(t, { tenant, path, expected: [400, 404] })
  const dialog = page.getByRole('dialog')
  await page.getByText('No entity matches these filters.').waitFor()
  await page.getByRole('button', { name: 'Add entity' }).click()
  await dialog.getByLabel('Id', { exact: true }).fill('bot-1')
  await dialog.getByLabel('Type', { exact: true }).fill('agent')
  await dialog.getByLabel(/^Below/).fill('nowhere')
  const { promise: isClosed, resolve: release } = Promise.withResolvers<void>()
  await page.route('**/assignments', async (route) => {
    if (route.request().method() !== 'GET') await isClosed
    await route.fallback()
  })
  const placing = page.waitForRequest(
    (request) => request.method() !== 'GET' && request.url().endsWith('/assignments'),
  )
  await dialog.getByRole('button', { name: 'Add', exact: true }).click()
  await placing
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'hidden' })
  release()
  await page.getByText(/^bot-1 has no budget: /).waitFor()
})
