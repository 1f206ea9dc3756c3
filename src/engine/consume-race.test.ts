import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ANN, ANN_ON_GPT, FEATURE, openAgency, params } from '../../test/support/agency.ts'
import { randomFrom, seedOf } from '../../test/support/random.ts'
import { openWorld, type Tenant } from '../../test/support/world.ts'
import { compareCounters } from '../budgets/index.ts'
import { findCustomerKey } from '../customers/index.ts'
import { required } from '../kernel/assert.ts'

/** Two independent servers on one database. */
const world = await openWorld()
const other = await openWorld()
const servers = [world.bursar.server, other.bursar.server] as const
const { db } = world.bursar.app

type Answer = { status: number; data: Record<string, unknown> }

/** Posts to one of the servers, in turn. */
function postsOf({ key }: Tenant) {
  let count = 0
  return async (path: string, body: object = {}): Promise<Answer> => {
    count += 1
    const response = await required(servers[count % 2], 'a server').inject({
      method: 'POST',
      url: `/api/v1/customers/${params.id}/${path}`,
      headers: { 'x-api-key': key },
      payload: body,
    })
    return { status: response.statusCode, data: response.json().data }
  }
}

const useOf = (idempotencyKey: string, more: object = {}) => ({
  ...{ featureId: FEATURE, amount: 1, idempotencyKey, dimensions: ANN_ON_GPT },
  ...more,
})
const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index))

async function assertConsistent(tenant: Tenant): Promise<void> {
  const customerKey = required(await findCustomerKey(db.read, tenant.scope, params.id), 'acme')
  const { differences } = await compareCounters(db.read, { customerKey, limit: 10 })
  assert.deepEqual(differences, [])
}

test('concurrent consumption on two servers uses up a budget exactly', async () => {
  const { tenant, check } = await openAgency(world)
  const post = postsOf(tenant)
  const answers = await Promise.all(times(200, (index) => post('consume', useOf(`k${index}`))))
  assert.ok(answers.every(({ status }) => status === 200))
  const granted = answers.filter(({ data }) => data.isGranted)
  assert.equal(granted.length, 30, 'as many as ann may use a day')
  assert.ok(granted.every(({ data }) => data.recorded))
  assert.equal((await check(0)).currentUsage, 30)
  await assertConsistent(tenant)
})

test('one key counts once, however many requests send it at the same time', async () => {
  const { tenant, check } = await openAgency(world)
  const post = postsOf(tenant)
  const answers = await Promise.all(times(60, () => post('consume', useOf('mine'))))
  assert.ok(answers.every(({ data }) => data.isGranted && data.recorded))
  const held = await Promise.all(times(60, () => post('reservations', useOf('mine'))))
  const ids = held.map(({ data }) => (data.reservation as { id: string }).id)
  assert.equal(new Set(ids).size, 1)
  assert.ok(held.every(({ status }) => status === 201))
  assert.equal((await check(0)).currentUsage, 1)
  assert.equal((await check(28, ANN)).isGranted, true)
  assert.equal((await check(29, ANN)).isGranted, false)
  await assertConsistent(tenant)
})

test('of concurrent steps that end a reservation, exactly one takes effect', async () => {
  const { tenant, check, held, retrieve } = await openAgency(world)
  const post = postsOf(tenant)
  for (let round = 0; round < 5; round += 1) {
    const { id } = await held(5, ANN)
    const before = (await check(0)).currentUsage ?? 0
    const commits = [3, 4, 5].flatMap((amount) =>
      times(6, () => post(`reservations/${id}/commit`, { amount })),
    )
    const releases = times(6, () => post(`reservations/${id}/release`))
    const [committed, released] = await Promise.all([Promise.all(commits), Promise.all(releases)])
    const { status, committedAmount } = await retrieve(id)
    const used = ((await check(0)).currentUsage ?? 0) - before
    assert.equal(used, status === 'committed' ? committedAmount : 0)
    const same = committed.filter(({ status: code }) => code === 200)
    assert.equal(same.length, status === 'committed' ? 6 : 0)
    assert.equal(released.filter(({ status: code }) => code === 200).length, 6 - same.length)
  }
  await assertConsistent(tenant)
})

test('no budget is overspent by concurrent consumption, reservations, commits and reports', async (t) => {
  const random = randomFrom(seedOf(t), 0)
  const pick = <T>(items: readonly T[]): T => required(items[random.below(items.length)], 'one')
  const { tenant, check } = await openAgency(world, { usageLimit: 60 })
  const post = postsOf(tenant)
  let recorded = 0
  const count = ({ data }: Answer, amount: number) => {
    if (data?.recorded) recorded += amount
  }
  const consume = async (index: number) => {
    const amount = 1 + random.below(4)
    const dimensions = pick([ANN, ANN_ON_GPT, { userId: 'bob' }, {}])
    count(await post('consume', useOf(`c${index}`, { amount, dimensions })), amount)
  }
  const reserve = async (index: number) => {
    const amount = 1 + random.below(4)
    const { data } = await post('reservations', useOf(`r${index}`, { amount }))
    const id = (data.reservation as { id: string } | null)?.id
    if (id === undefined) return
    if (random.below(3) === 0) await post(`reservations/${id}/release`)
    else {
      const used = random.below(6)
      const overage = pick(['reject', 'allow_if_available'])
      count(await post(`reservations/${id}/commit`, { amount: used, overage }), used)
    }
  }
  await Promise.all(
    times(150, (index) => (random.below(2) === 0 ? consume(index) : reserve(index))),
  )
  const seen = await check(0, ANN_ON_GPT)
  assert.equal(seen.currentUsage, recorded)
  assert.ok(recorded <= 60)
  for (const { usageLimit, currentUsage } of (seen.chains ?? []).flat())
    assert.ok(usageLimit === null || currentUsage <= usageLimit)
  await assertConsistent(tenant)
})
