import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { ANN, FEATURE, openAgency, params } from '../../test/support/agency.ts'
import { shownChains } from '../../test/support/decisions.ts'
import { openWorld, type Tenant } from '../../test/support/world.ts'

/** Two servers on one database. The clock of one of them is a minute ahead. */
const behind = await openWorld()
const ahead = await openWorld()
const MINUTE_MS = 60_000
beforeEach(() => ahead.clock.moveTo(behind.clock.now() + MINUTE_MS))

type Shown = Parameters<typeof shownChains>[0] & { accessDeniedReason: string | null }

/** Sends requests to the server whose clock is behind. */
function waysBehind({ key }: Tenant) {
  const answer = async (method: 'GET' | 'POST', path: string, payload?: object) => {
    const response = await behind.bursar.server.inject({
      method,
      url: `/api/v1/customers/${params.id}/${path}`,
      headers: { 'x-api-key': key },
      ...(payload && { payload }),
    })
    assert.equal(response.statusCode, 200, response.body)
    return response.json().data
  }
  const ask = async (method: 'GET' | 'POST', path: string, payload?: object) => {
    const data: Shown = await answer(method, path, payload)
    const [nearest] = shownChains(data).flat()
    return [data.accessDeniedReason ?? 'granted', ...(nearest === undefined ? [] : [nearest])]
  }
  const query = `featureId=${FEATURE}&dimensions[userId]=ann`
  return {
    get: (path: string) => answer('GET', path),
    history: async () => {
      const { body } = await behind.bursar.server.inject({
        url: `/api/v1/usage/${params.id}/history/${FEATURE}?startDate=2026-05-01T00:00:00Z`,
        headers: { 'x-api-key': key },
      })
      return JSON.parse(body).data.series[0].points.at(-1).value
    },
    check: () => ask('GET', `entitlements/check?${query}`),
    explain: () => ask('GET', `entitlements/explain?${query}`),
    consume: (idempotencyKey: string) =>
      ask('POST', 'consume', { featureId: FEATURE, amount: 1, idempotencyKey, dimensions: ANN }),
  }
}

test('a check sees usage of a server whose clock is ahead, even in a window that has not begun here', async () => {
  const { tenant, report } = await openAgency(ahead, { limits: { 'ann PT1M': 5 } })
  const { check, explain } = waysBehind(tenant)
  assert.deepEqual(await check(), ['granted', 'ann 0/5'])
  await report(5, ANN)
  assert.deepEqual(await check(), ['BudgetExceeded', 'ann 5/5!'])
  assert.deepEqual(await explain(), ['BudgetExceeded', 'ann 5/5!'])
})

test('changes by a server whose clock is ahead take effect at once on all servers', async () => {
  const { tenant, budget } = await openAgency(ahead, { limits: { org: null } })
  const { check, consume } = waysBehind(tenant)
  assert.deepEqual(await check(), ['granted'])
  assert.deepEqual(await consume('a'), ['granted'])
  ahead.clock.moveTo(ahead.clock.now() + MINUTE_MS)
  await budget({ 'ann PT1M': 0 })
  assert.deepEqual(await check(), ['BudgetExceeded', 'ann 0/0!'])
  assert.deepEqual(await consume('b'), ['BudgetExceeded', 'ann 0/0!'])
  ahead.clock.moveTo(ahead.clock.now() + MINUTE_MS)
  await tenant.ok('v1.customers.promotionalEntitlements.revoke', {
    params: { ...params, featureId: FEATURE },
  })
  assert.deepEqual(await check(), ['NoActiveSubscription'])
  assert.deepEqual(await consume('c'), ['NoActiveSubscription'])
})

test('the tree, reservations and history are shown as of the last decision', async () => {
  const { tenant, report, held } = await openAgency(ahead, { limits: { 'ann PT1M': 5 } })
  const { get, history } = waysBehind(tenant)
  const { id } = await held(1, ANN, { ttlSeconds: 60 })
  const shown = async () => {
    const [row] = await get(`governance?featureIds=${FEATURE}`)
    const [listed] = await get('reservations')
    const { status } = await get(`reservations/${id}`)
    return [row.currentUsage, row.usagePeriodStart, listed.status, status]
  }
  assert.deepEqual(await shown(), [0, '2026-05-18T10:08:00.000Z', 'open', 'open'])
  ahead.clock.moveTo(ahead.clock.now() + MINUTE_MS)
  await report(2, ANN)
  assert.deepEqual(await shown(), [2, '2026-05-18T10:09:00.000Z', 'expired', 'expired'])
  assert.equal(await history(), 2)
})
