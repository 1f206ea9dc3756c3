import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openConsole, world } from './open-console.ts'

test('a feature gets a meter, and a sample event shows whether it counts', async (t) => {
  const tenant = await world.tenant()
  const page = await openConsole(t, { tenant, path: '/features' })
  await page.getByRole('button', { name: 'New feature' }).first().click()
  await page.getByLabel('Id', { exact: true }).fill('tokens')
  await page.getByLabel('Name', { exact: true }).fill('Tokens')
  await page.getByRole('button', { name: 'Create' }).click()
  await page.getByRole('button', { name: 'Add a meter' }).click()
  await page.getByLabel('Usage is the').selectOption('SUM')
  await page.getByLabel('Dimension', { exact: true }).first().fill('tokens')
  await page.getByText('this event counts').waitFor()
  await page.getByRole('button', { name: 'Filter events' }).click()
  await page.getByText('this event does not count').waitFor()
  await page.getByLabel('Value optional').fill('answer_generated')
  await page.getByText('this event counts').waitFor()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Adds up tokens.').waitFor()
  const { data } = await tenant.ok('v1.features.retrieveFeature', { params: { id: 'tokens' } })
  assert.deepEqual(data.meter?.filters, [
    { conditions: [{ field: 'eventName', operation: 'EQUALS', value: 'answer_generated' }] },
  ])
})

test('an entity type is created, and the change is in the activity', async (t) => {
  const tenant = await world.tenant()
  const page = await openConsole(t, { tenant, path: '/entity-types' })
  await page.getByText('No entity types yet.').waitFor()
  await page.keyboard.press('n')
  await page.getByLabel('Id', { exact: true }).fill('agent')
  await page.getByLabel('Name', { exact: true }).fill('Agent')
  await page.getByLabel(/^Dimensions that name/).fill('agentId, botId')
  await page.getByRole('button', { name: 'Create' }).click()
  await page.getByText('botId', { exact: true }).waitFor()
  await page.keyboard.press('g')
  await page.keyboard.press('a')
  await page.getByRole('table', { name: 'Changes' }).getByRole('button').first().click()
  await page.getByText('["agentId","botId"]').waitFor()
})
