import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { parse } from 'csv-parse/sync'
import { addressOf, openConsole, world } from './open-console.ts'
import { consume, furnishOrrery } from './orrery.ts'

test('usage is drawn by interval and group, told in a sentence, and shown as a table', async (t) => {
  const tenant = await world.tenant()
  await furnishOrrery(tenant)
  await consume(tenant, 3)
  const page = await openConsole(t, { tenant, path: '/customers/orrery/usage' })
  await page.getByText(/^7 in 30 days, at most 7/).waitFor()
  await page.getByLabel('Group').selectOption('entity')
  await page.getByText(/most by Indexer: 7/).waitFor()
  await page.getByRole('button', { name: 'Show as table' }).click()
  const table = page.getByRole('table', { name: /as a table/ })
  await table.getByRole('columnheader', { name: 'Indexer' }).waitFor()
  await table.getByRole('cell', { name: '7', exact: true }).first().waitFor()
  await page.getByRole('combobox', { name: /^By/ }).selectOption('hour')
  await page.getByText(/^7 in 24 hours/).waitFor()
  assert.match(page.url(), /interval=hour/)
  assert.match(page.url(), /group=entity/)
  // The range of before is absolute, and in the address.
  await page.getByRole('button', { name: 'Earlier' }).click()
  await page.getByText(/^Nothing in 24 hours/).waitFor()
  assert.match(page.url(), /from=.+&to=/)
  await page.reload()
  await page.getByText(/^Nothing in 24 hours/).waitFor()
})

test('usage is saved as CSV, and a refusal is told', async (t) => {
  const tenant = await world.tenant()
  await furnishOrrery(tenant)
  const path = '/customers/orrery/usage?interval=month&group=entity'
  const page = await openConsole(t, { tenant, path, expected: [0] })
  const button = page.getByRole('button', { name: 'Download CSV' })
  const [download] = await Promise.all([page.waitForEvent('download'), button.click()])
  assert.equal(download.suggestedFilename(), 'usage orrery calls.csv')
  const rows = parse(await readFile(await download.path()), { columns: true }) as {
    name: string
    usage: string
  }[]
  assert.equal(rows.filter(({ name, usage }) => name === 'Indexer' && usage === '4').length, 1)
  await page.route('**/usage/series**', (route) => route.abort())
  await button.click()
  await page.getByText('The server does not answer.').first().waitFor()
})

test('the cursor of a chart reads values with the keyboard alone', async (t) => {
  const tenant = await world.tenant()
  await furnishOrrery(tenant)
  const page = await openConsole(t, { tenant, path: '/customers/orrery/usage?interval=hour' })
  const chart = page.getByLabel(/Usage of Calls of the model by hour\. The keys/)
  await chart.focus()
  await page.keyboard.press('ArrowLeft')
  await page
    .getByRole('status')
    .getByText(/: usage 4$/)
    .waitFor()
  await page.keyboard.press('ArrowLeft')
  await page
    .getByRole('status')
    .getByText(/: nothing$/)
    .waitFor()
})

test('what the server refuses stands in place of the chart', async (t) => {
  const tenant = await world.tenant()
  await furnishOrrery(tenant)
  const path = '/customers/orrery/usage?interval=hour&from=2001-01-01T00:00:00.000Z'
  const page = await openConsole(t, { tenant, path, expected: [400] })
  await page.getByRole('alert').first().waitFor()
  await page.goto(addressOf(tenant, '/customers/orrery/usage?interval=week&from=never&group=x'))
  await page.getByText(/^4 in 30 days/).waitFor()
})

test('a budget is drawn down: what is left, and until when', async (t) => {
  const tenant = await world.tenant()
  await furnishOrrery(tenant)
  const page = await openConsole(t, { tenant, path: '/customers/orrery/budgets?entity=agent-7' })
  const panel = page.getByRole('dialog', { name: 'Indexer' })
  await panel.getByText(/^4 of 10 used, 6 left\. At this pace/).waitFor()
  await panel.getByRole('button', { name: 'Show as table' }).click()
  await panel
    .getByRole('table', { name: /as a table/ })
    .getByText('4', { exact: true })
    .last()
    .waitFor()
})
