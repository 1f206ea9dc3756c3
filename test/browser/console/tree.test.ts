/// <reference lib="dom" />

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EntityTreeRow } from '../../../src/api.gen.ts'
import { addBudgeted } from '../../support/furnish.ts'
import type { Tenant } from '../../support/world.ts'
import { countClicks } from './clicks.ts'
import { addressOf, openConsole, world } from './open-console.ts'
import { furnishOrrery, params } from './orrery.ts'

const PATH = '/customers/orrery/budgets'

const budgetOf = async (tenant: Tenant, entityId: string) => {
  const { data } = await tenant.ok('v1Beta.customers.assignments.list', {
    params,
    query: { entityId },
  })
  return data[0]
}

test('an entity is moved below another parent in four clicks, and back in one', async (t) => {
  const tenant = await world.tenant()
  await furnishOrrery(tenant)
  const page = await openConsole(t, { tenant, path: `${PATH}?view=flat` })
  const row = page.getByRole('row', { name: /Indexer agent-7/ })
  await row.waitFor()
  const clicks = await countClicks(page)
  await row.focus()
  await page.keyboard.press('m')
  const dialog = page.getByRole('dialog', { name: 'Move Indexer' })
  await dialog.getByRole('region', { name: 'Now' }).getByText('96 left of 100').waitFor()
  await dialog.getByRole('radio', { name: /Field/ }).click()
  await dialog.getByRole('region', { name: 'Then' }).getByText('50 left of 50').waitFor()
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Indexer is below Field.').waitFor()
  assert.ok((await clicks()) <= 4)
  assert.equal((await budgetOf(tenant, 'agent-7'))?.parentId, 'field')
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByText('Undone.').waitFor()
  assert.equal((await budgetOf(tenant, 'agent-7'))?.parentId, 'research')
})

test('a move that the server refuses stays open and says why', async (t) => {
  const tenant = await world.tenant()
  await furnishOrrery(tenant)
  const page = await openConsole(t, { tenant, path: PATH, expected: [400, 409] })
  const row = page.getByRole('row', { name: /Research research/ })
  await row.waitFor()
  await row.focus()
  await page.keyboard.press('m')
  const dialog = page.getByRole('dialog', { name: 'Move Research' })
  await dialog.getByRole('searchbox').fill('dexe')
  await dialog.getByRole('radio', { name: /Indexer/ }).click()
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.getByRole('alert').waitFor()
  assert.equal((await budgetOf(tenant, 'research'))?.parentId, null)
})

test('what is open stays open below its parent when rows move', async (t) => {
  const tenant = await world.tenant()
  await furnishOrrery(tenant)
  const page = await openConsole(t, { tenant, path: PATH })
  const row = page.getByRole('row', { name: /Research research/ })
  await row.waitFor()
  await row.focus()
  await page.keyboard.press('ArrowRight')
  await page.getByRole('row', { name: /Indexer/ }).waitFor()
  // Stands before all others, so that each row moves down by one.
  await addBudgeted(tenant, params.id, {
    entity: { id: 'aa', entityTypeId: 'team', displayName: 'Aardvark' },
    budget: { featureId: 'calls', usageLimit: 1, cadence: 'P1D' },
  })
  await page.keyboard.press('Shift+R')
  await page.getByRole('row', { name: /Aardvark/ }).waitFor()
  const rows = await page.locator('[role=row][data-index]').all()
  const names = await Promise.all(
    rows.map(async (each) => [
      Number(await each.getAttribute('data-index')),
      await each.getAttribute('aria-level'),
      ((await each.textContent()) ?? '').split(/\s/)[0],
    ]),
  )
  assert.deepEqual(
    names
      .toSorted(([a], [b]) => Number(a) - Number(b))
      .map(([, level, name]) => `${level} ${name}`),
    ['1 Aardvark', '1 Field', '1 Research', '2 Crawler', '2 Indexer'],
  )
  await page.getByRole('row', { name: /Indexer/ }).focus()
  await page.keyboard.press('ArrowLeft')
  await page.locator('[role=row]:focus', { hasText: 'Research' }).waitFor()
})

test('a limit is edited in its place, and refused in its place', async (t) => {
  const tenant = await world.tenant()
  await furnishOrrery(tenant)
  const page = await openConsole(t, { tenant, path: PATH, expected: [400] })
  const row = page.getByRole('row', { name: /Research research/ })
  await row.waitFor()
  await row.focus()
  await page.keyboard.press('e')
  const field = page.getByRole('textbox', { name: 'Limit of Research' })
  assert.equal(await field.inputValue(), '100')
  await field.fill('many')
  await page.getByText('Not a number.').waitFor()
  await field.fill('-5')
  await page.keyboard.press('Enter')
  await page.getByRole('alert').waitFor()
  assert.equal(await field.inputValue(), '-5')
  await field.fill('120')
  await page.keyboard.press('Enter')
  await page.getByText('The budget of Research is 120.').waitFor()
  assert.equal((await budgetOf(tenant, 'research'))?.usageLimit, 120)
  await page.locator('[role=row]:focus', { hasText: 'Research' }).waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByText('Undone.').waitFor()
  assert.equal((await budgetOf(tenant, 'research'))?.usageLimit, 100)
  await page.getByRole('row', { name: /Field/ }).getByText('50', { exact: true }).dblclick()
  await page.getByRole('textbox', { name: 'Limit of Field' }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('textbox', { name: 'Limit of Field' }).waitFor({ state: 'hidden' })
})

test('a read-only key edits and moves nothing', async (t) => {
  const tenant = await world.tenant()
  await furnishOrrery(tenant)
  const key = await tenant.newKey('read-only')
  const page = await openConsole(t, { tenant, key, path: PATH })
  const row = page.getByRole('row', { name: /Research research/ })
  await row.waitFor()
  await row.focus()
  await page.keyboard.press('e')
  await page.getByText(/lacks the permission assignments:write/).waitFor()
  await page.keyboard.press('Escape')
  await row.focus()
  await page.keyboard.press('m')
  const dialog = page.getByRole('dialog', { name: 'Move Research' })
  await dialog.getByRole('radio', { name: /Field/ }).click()
  await dialog.getByRole('button', { name: 'Save' }).hover()
  await page.getByText(/lacks the permission assignments:write/).waitFor()
})

test('budgets of several features stand beside each other, as the address says', async (t) => {
  const tenant = await world.tenant()
  await furnishOrrery(tenant)
  await tenant.ok('v1.features.createFeature', {
    body: { id: 'seats', displayName: 'Seats', featureType: 'NUMBER', meterType: 'INCREMENTAL' },
  })
  await tenant.ok('v1Beta.customers.assignments.upsert', {
    params,
    body: {
      assignments: [{ entityId: 'field', featureId: 'seats', usageLimit: 33, cadence: 'P1D' }],
    },
  })
  const page = await openConsole(t, { tenant, path: `${PATH}?feature=calls` })
  await page.getByRole('button', { name: 'Beside it' }).click()
  await page.getByRole('menuitem', { name: 'Seats' }).click()
  await page.getByRole('columnheader', { name: 'Seats used' }).waitFor()
  const row = page.getByRole('row', { name: /Field/ })
  await row.getByText('33', { exact: true }).waitFor()
  await row.getByText('50', { exact: true }).waitFor()
  assert.match(page.url(), /beside=seats/)
})

test('an entity is archived in its panel, and can be taken back', async (t) => {
  const tenant = await world.tenant()
  await furnishOrrery(tenant)
  const page = await openConsole(t, { tenant, path: `${PATH}?entity=agent-8` })
  const panel = page.getByRole('dialog', { name: 'Crawler' })
  await panel.getByRole('button', { name: 'Archive', exact: true }).click()
  await panel.getByRole('button', { name: 'Unarchive' }).waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
  await panel.getByRole('button', { name: 'Archive', exact: true }).waitFor()
})

const TOTAL = 100_000

const rowAt = (at: number): EntityTreeRow => ({
  entityId: `agent-${at}`,
  entityTypeId: 'robot',
  displayName: null,
  parentId: null,
  createdAt: '2026-01-01T00:00:00.000Z',
  archivedAt: null,
  childCount: 0,
  capabilities: [],
})

test('a tree of 100,000 entities is read in blocks, and few rows are in the document', async (t) => {
  const tenant = await world.tenant()
  await furnishOrrery(tenant)
  const page = await openConsole(t, { tenant, path: '/home' })
  const blocks = new Set<number>()
  // The rows are made here, because writing so many takes minutes. The server's are tested with it.
  await page.route('**/entity-tree?*', (route) => {
    const query = new URL(route.request().url()).searchParams
    const [at, limit] = [Number(query.get('at')), Number(query.get('limit'))]
    blocks.add(at)
    const rows = Array.from({ length: Math.min(limit, TOTAL - at) }, (_, index) =>
      rowAt(at + index),
    )
    const orderedAt = '2026-01-01T00:00:00.000Z'
    const nextAt = at + limit < TOTAL ? at + limit : null
    const data = { rows, total: TOTAL, at, nextAt, orderedAt, asOf: orderedAt }
    return route.fulfill({ json: { data } })
  })
  await page.goto(addressOf(tenant, PATH))
  await page.getByRole('row', { name: 'agent-0', exact: false }).first().waitFor()
  const grid = page.getByRole('treegrid')
  assert.equal(await grid.getAttribute('aria-rowcount'), String(TOTAL + 1))
  const jumps: [key: string, row: number][] = [
    ['End', TOTAL - 1],
    ['PageUp', TOTAL - 21],
    ['Home', 0],
    ['PageDown', 20],
  ]
  await page.locator('[data-index="0"]').focus()
  for (const [key, row] of jumps) {
    await page.keyboard.press(key)
    await page.locator(`[data-index="${row}"]:focus`).waitFor()
    assert.ok((await page.locator('[role=row]').count()) < 120)
  }
  assert.ok(blocks.size < 12, `${blocks.size} blocks were read`)
})
