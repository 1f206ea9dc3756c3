import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openCompany } from '../../support/metered-company.ts'
import { openConsole, world } from './open-console.ts'

test('thresholds are changed, what reaches one is listed, and the change can be undone', async (t) => {
  const { tenant, report } = await openCompany(world)
  const page = await openConsole(t, { tenant, path: '/alerts', expected: [400] })
  await page.getByText(/^No budget reached a threshold/).waitFor()
  const field = page.getByLabel('Percent')
  await field.fill('half,')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('half is no number.').waitFor()
  await page.getByRole('button', { name: 'Remove half' }).click()
  await field.fill('0,')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.locator('[name=thresholds][aria-invalid=true]').waitFor()
  await page.getByRole('button', { name: 'Remove 0' }).click()
  await field.fill('80,50,')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('The thresholds were changed.').waitFor()
  const stored = async () =>
    (await tenant.ok('v1Beta.governance.retrieveThresholdConfig', {})).data.thresholds
  assert.deepEqual(await stored(), [50, 80])
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByText('Undone.').waitFor()
  assert.deepEqual(await stored(), [])
  await tenant.ok('v1Beta.governance.updateThresholdConfig', { body: { thresholds: [50, 80] } })
  await report([
    { customerId: 'acme', featureId: 'tokens', value: 60, dimensions: { userId: 'ann' } },
  ])
  await page.getByText('60 of 100').first().waitFor()
  await page.getByText('50 %', { exact: true }).first().waitFor()
})
