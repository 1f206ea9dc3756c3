import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fillFirst } from './fill-first.ts'
import { MARKUP } from './markup.ts'
import { openConsole, world } from './open-console.ts'

test('an entity type is created with keys as chips, changed, and each can be undone', async (t) => {
  const tenant = await world.tenant()
  const page = await openConsole(t, { tenant, path: '/entity-types' })
  await fillFirst(page, { empty: 'No entity types yet.', id: 'team', name: 'Team' })
  await page.getByLabel('Attribution keys').fill('teamId')
  await page.keyboard.press('Enter')
  await page.keyboard.type('squadId,')
  await page.keyboard.type('wrong')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Backspace')
  await page.getByRole('button', { name: 'Create' }).click()
  await page.getByText('Team was created.').waitFor()
  const stored = async () => {
    const { data } = await tenant.ok('v1Beta.entityTypes.list', {
      query: { includeArchived: 'true' },
    })
    const [type] = data
    return [type?.displayName, type?.attributionKeys, type?.archivedAt !== null]
  }
  assert.deepEqual(await stored(), ['Team', ['teamId', 'squadId'], false])
  await page.getByRole('link', { name: 'Team' }).click()
  await page.getByRole('button', { name: 'Remove squadId' }).click()
  await page.getByLabel('Name', { exact: true }).fill('Squad')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Squad was changed.').waitFor()
  assert.deepEqual(await stored(), ['Squad', ['teamId'], false])
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByText('Undone.').waitFor()
  await page.getByRole('button', { name: 'Archive Team' }).click()
  await page.getByText('Team is archived.').waitFor()
  assert.deepEqual(await stored(), ['Team', ['teamId', 'squadId'], true])
})

test('a new type does not replace one that has its id, and a wrong key stands at its field', async (t) => {
  const tenant = await world.tenant()
  await tenant.ok('v1Beta.entityTypes.upsert', {
    body: { types: [{ id: 'team', displayName: MARKUP, attributionKeys: ['teamId'] }] },
  })
  const page = await openConsole(t, { tenant, path: '/entity-types', expected: [400] })
  await page.getByRole('link', { name: MARKUP }).waitFor()
  assert.equal(await page.locator('img').count(), 0)
  await page.getByRole('button', { name: 'New entity type' }).click()
  await page.getByLabel('Id', { exact: true }).fill('team')
  await page.getByLabel('Name', { exact: true }).fill('Other')
  await page.getByLabel('Attribution keys').fill('not a key')
  await page.getByRole('button', { name: 'Create' }).click()
  await page.locator('[name=id][aria-invalid=true]').waitFor()
  await page.getByLabel('Id', { exact: true }).fill('user')
  await page.getByRole('button', { name: 'Create' }).click()
  await page.locator('[name=attributionKeys][aria-invalid=true]').waitFor()
  assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'Other')
})

test('a read-only key sees entity types and the reason, and changes nothing', async (t) => {
  const tenant = await world.tenant()
  await tenant.ok('v1Beta.entityTypes.upsert', {
    body: { types: [{ id: 'team', displayName: 'Team', attributionKeys: [] }] },
  })
  const key = await tenant.newKey('read-only')
  const page = await openConsole(t, { tenant, key, path: '/entity-types?edit=team' })
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).hover()
  await page.getByText(/lacks the permission entityTypes:write/).waitFor()
})
