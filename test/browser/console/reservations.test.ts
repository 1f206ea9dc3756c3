import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openConsole, world } from './open-console.ts'
import { furnishOrrery, params } from './orrery.ts'

test('holds are seen, committed, extended and released', async (t) => {
  const tenant = await world.tenant()
  await furnishOrrery(tenant)
  const reserve = (amount: number) =>
    tenant.ok('v1.customers.reservations.create', {
      params,
      body: {
        featureId: 'calls',
        amount,
        ttlSeconds: 60,
        idempotencyKey: `hold-${amount}`,
        dimensions: { agentId: 'agent-7' },
      },
    })
  await reserve(2)
  await reserve(3)
  const page = await openConsole(t, { tenant, path: '/customers/orrery/reservations' })
  const holds = page.getByRole('table', { name: 'Holds' })
  const choose = async (amount: number, item: string) => {
    await holds.getByRole('button', { name: `Hold of ${amount}` }).click()
    await page.getByRole('menuitem', { name: item }).click()
  }
  await choose(2, 'Hold longer')
  await page.getByRole('dialog').getByRole('button', { name: 'Hold longer' }).click()
  await page.getByText('The hold was extended.').waitFor()
  await choose(2, 'Commit')
  await page.getByLabel('Used', { exact: true }).fill('1')
  await page.getByRole('dialog').getByRole('button', { name: 'Commit' }).click()
  await page.getByText('1 recorded as used.').waitFor()
  await choose(3, 'Release')
  await page.getByRole('dialog').getByRole('button', { name: 'Release' }).click()
  await page.getByText('Nothing is held.', { exact: false }).waitFor()
  const { data } = await tenant.ok('v1.customers.reservations.list', { params, query: {} })
  assert.deepEqual(
    data.map(({ amount, status, committedAmount }) => [amount, status, committedAmount]),
    [
      [3, 'released', null],
      [2, 'committed', 1],
    ],
  )
  await page.getByLabel('State').selectOption('committed')
  await holds.getByText('committed', { exact: true }).waitFor()
  assert.match(page.url(), /status=committed/)
})
