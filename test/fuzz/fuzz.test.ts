import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { OperationId } from '../../src/contract.gen.ts'
import { sql } from '../../src/db/index.ts'
import { calls, furnish, operationIds } from '../contract/calls.ts'
import type { Request } from '../support/contract-client.ts'
import { type Random, randomFrom, seedOf } from '../support/random.ts'
import { openWorld, type Tenant } from '../support/world.ts'
import { asBytes, hostileText, mutated, type Value } from './hostile.ts'

/** A short run by default; `BURSAR_TEST_FUZZ` asks for a long one. */
const REQUESTS = Number(process.env.BURSAR_TEST_FUZZ ?? 4000)
/** After so many requests a fresh environment, since archives and unlinks use one up. */
const PER_TENANT = 500
/** Growth of the heap, in bytes, that is noise beside what a leak of every request would be. */
const HEAP_NOISE = 30_000_000

const world = await openWorld()
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

function heapUsed(): number {
  collect()
  return process.memoryUsage().heapUsed
}

/** A request that may differ from a good one in its path, query, headers and body. */
function hostileRequest(random: Random, id: OperationId): Request {
  const request = { ...calls[id]('fuzz') }
  const twist = (chance: number) => random.below(100) < chance
  if (request.params !== undefined && twist(20)) {
    const names = Object.keys(request.params)
    const name = names[random.below(names.length)] ?? 'id'
    request.params = { ...request.params, [name]: hostileText(random) }
  }
  if (twist(15)) request.query = { limit: hostileText(random), [hostileText(random)]: 'x' }
  if (twist(10)) request.query = `${hostileText(random)}=%&a[b]=1&a=%ff`
  const type = twist(10) ? hostileText(random).replaceAll(/[^\x20-\x7e]/g, '') : 'application/json'
  const headers = { 'content-type': type }
  if (twist(5)) return { ...request, headers, apiKey: hostileText(random) }
  if (twist(40) || request.body === undefined) return request
  let body = request.body as Value
  for (let times = 1 + random.below(3); times > 0; times -= 1) body = mutated(random, body)
  return { ...request, headers, body: asBytes(random, body) }
}

const changes = async (tenant: Tenant): Promise<string> => {
  const [found] = await world.bursar.app.db.read.many(
    (raw) => raw.n ?? '',
    sql`select count(*) as n from outbox
      where environment_key = ${tenant.scope.environmentKey}::uuid`,
  )
  return found ?? ''
}

test(`${REQUESTS} hostile requests: no failure of ours, no write by a refusal, memory flat`, async (t) => {
  const random = randomFrom(seedOf(t), 0)
  const statuses = new Map<number, number>()
  let heapBefore = 0
  let tenant: Tenant | undefined
  for (let index = 0; index < REQUESTS; index += 1) {
    if (tenant === undefined || index % PER_TENANT === 0) {
      tenant = await world.tenant()
      await furnish(tenant, 'fuzz')
    }
    if (index === Math.floor(REQUESTS / 2)) heapBefore = heapUsed()
    const id = operationIds[random.below(operationIds.length)] ?? 'v1.customers.list'
    const before = await changes(tenant)
    // The call itself fails the test on a status or a body that the contract does not document.
    const answer = await tenant.call(id, hostileRequest(random, id))
    assert.ok(answer.status < 500, `request ${index}: ${id} answered ${answer.text.slice(0, 500)}`)
    if (answer.refusal !== null)
      assert.equal(await changes(tenant), before, `request ${index}: a refusal of ${id} wrote`)
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
  }
  t.diagnostic([...statuses].map(([status, count]) => `${status}: ${count}`).join(', '))
  assert.ok((statuses.get(200) ?? 0) > 0 && (statuses.get(400) ?? 0) > 0, 'it hits both sides')
  const growth = heapUsed() - heapBefore
  assert.ok(growth < HEAP_NOISE, `the heap grew by ${growth} bytes in the second half`)
})
