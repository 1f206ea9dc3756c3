import assert from 'node:assert/strict'
import { test } from 'node:test'
import { furnishTask } from '../../api/subscription-calls.ts'
import { openConsole, world } from './open-console.ts'

test('a task says how far it is and what has failed, and is canceled after a question', async (t) => {
  const tenant = await world.tenant()
  const id = await furnishTask(tenant, 'It was locked.')
  const page = await openConsole(t, { tenant, path: '/home' })
  await page.clock.install()
  await page.getByRole('link', { name: 'Tasks' }).click()
  const row = page.getByRole('row', { name: /^Subscriptions move to a new version in progress/ })
  await row.getByText('1 of 3 customers done, 1 failed').waitFor()
  await row.getByRole('link').click()
  await page.getByRole('progressbar', { name: '1 of 3 customers done, 1 failed' }).waitFor()
  await page.getByRole('table', { name: 'Failed' }).getByText('It was locked.').waitFor()
  await page.getByRole('button', { name: 'Cancel task' }).click()
  const dialog = page.getByRole('dialog', { name: 'Cancel the task?' })
  await dialog.getByText('Customers that were moved stay moved').waitFor()
  await dialog.getByText('At least 1 customer moved.').waitFor()
  await dialog.getByRole('button', { name: 'Let it go on' }).click()
  await tenant.ok('v1.tasks.cancel', { params: { id } })
  // An open task is read again every five seconds.
  await page.clock.fastForward(5000)
  await page.getByText('canceled', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Cancel task' }).hover()
  await page.getByText('It has ended, and never changes again.').waitFor()
})

test('a task is canceled by its button, and a role that may not cancel sees why', async (t) => {
  const tenant = await world.tenant()
  const id = await furnishTask(tenant, 'It was locked.')
  const path = `/tasks/${id}`
  const reader = await openConsole(t, { tenant, path, key: await tenant.newKey('read-only') })
  await reader.getByRole('button', { name: 'Cancel task' }).hover()
  await reader.getByText('lacks the permission tasks:write').waitFor()
  const page = await openConsole(t, { tenant, path })
  await page.getByRole('button', { name: 'Cancel task' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel task' }).click()
  await page.getByText('The task is canceled.').waitFor()
  const { data } = await tenant.ok('v1.tasks.retrieve', { params: { id } })
  assert.equal(data.status, 'CANCELED')
})
