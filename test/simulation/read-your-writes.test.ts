import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OperationId } from '../../src/api.gen.ts'
import { reaches } from '../../src/kernel/sequences.ts'
import { ANN, FEATURE, openAgency } from '../support/agency.ts'
import { contract } from '../support/api-document.ts'
import { operationOf, type Request } from '../support/contract-client.ts'
import { randomFrom, seedOf } from '../support/random.ts'
import { stateTokensOf } from '../support/state-tokens.ts'
import { openThreeServers, type Tenant } from '../support/world.ts'
import { furnishWrites, noteMade, WITHOUT_WRITES, type Write, writesOf } from './writes.ts'

/** How many pairs of a write and a read after it. */
const PAIRS = Number(process.env.BURSAR_TEST_PAIRS ?? 150)

/** Whether the first two servers have memory for states. Without, no state is old. */
const HAS_MEMORY = process.env.BURSAR_TEST_STATE_CACHE_BYTES !== '0'

const servers = await openThreeServers()

const dimensions = Object.fromEntries(
  Object.entries(ANN).map(([name, value]) => [`dimensions[${name}]`, value]),
)
const check: Read = { id: 'v1.customers.checkEntitlement', query: { featureId: FEATURE } }
const READS: readonly Read[] = [
  check,
  { id: 'v1Beta.customers.entitlements.check', query: { featureId: FEATURE, ...dimensions } },
  { id: 'v1.customers.retrieveEntitlements', query: {} },
  { id: 'v1.customers.explainEntitlement', query: { featureId: FEATURE, ...dimensions } },
]
type Read = { id: OperationId; query: Record<string, string> }
/** Nothing is denied, however many pairs there are. */
const LIMITS = { org: 10_000_000, team: 10_000_000, 'ann P1D': 1_000_000 }
const STALE = { 'bursar-max-staleness-ms': '60000' }

/** The operations that write about one customer. */
const writing = contract.operations
  .filter(({ method, parameters }) => {
    const isAboutCustomers = parameters.some(({ name }) => name === 'Bursar-At-Least')
    return method !== 'GET' && isAboutCustomers
  })
  .map(({ primaryId }) => primaryId)
  .filter((id) => !WITHOUT_WRITES.includes(id))

test(`after a write, no server answers from before it: ${PAIRS} pairs`, async (t) => {
  const random = randomFrom(seedOf(t), 0)
  const { tenant } = await openAgency(servers[0], { limits: LIMITS, usageLimit: 10_000_000 })
  await furnishWrites(tenant)
  const { sequencesIn } = await stateTokensOf(servers[0], tenant)
  const [first, second, fresh] = servers.map((server) => tenant.through(server)) as Fleet
  const expected = [...new Set(writing)].sort()
  const all = new Set(writesOf(0).flatMap((list) => list.map(({ id }) => id)))
  assert.deepEqual([...all].sort(), expected, 'each operation that writes has a write here')
  const made = new Set<OperationId>()
  let pairs = 0
  let old = 0
  let keys = 0

  const read = async (by: Tenant, { id, query }: Read, write: Write, headers = {}) => {
    const params = { id: write.customerId }
    const { status, text, headers: sent } = await by.call(id, { params, query, headers })
    assert.equal(status, 200, text)
    return { text, sequences: sequencesIn(write.customerId, sent['bursar-state']) }
  }
  /** Reads on a server, and compares with what the server without memory has read. */
  const compare = async (by: Tenant, each: Read, of: { write: Write; token: string }, is: Is) => {
    const { text, sequences } = await read(by, each, of.write, is.headers)
    assert.equal(text, is.text, `${each.id} after ${of.write.id}`)
    assert.ok(reaches(sequences, sequencesIn(of.write.customerId, of.token)), of.write.id)
    pairs += 1
  }

  for (let number = 0; pairs < PAIRS || made.size < expected.length; number += 1)
    for (const write of random.shuffled(writesOf(number)).flat()) {
      const [writer, other] = random.below(2) === 0 ? [first, second] : [second, first]
      // So that both have the state before the write in memory.
      await Promise.all([first, second].map((by) => read(by, check, write)))
      const token = await make({ writer, other }, write, random.below(2) === 0)
      made.add(write.id)
      const right = await Promise.all(READS.map((each) => read(fresh, each, write)))
      const texts = right.map(({ text }) => text)
      if ((await read(other, check, write, STALE)).text !== texts[0]) old += 1
      const done = { write, token }
      const isAtLeast = { ...STALE, 'bursar-at-least': token }
      for (const by of [other, writer])
        await compare(by, check, done, { text: texts[0] ?? '', headers: isAtLeast })
      await Promise.all(
        READS.flatMap((each, index) =>
          [other, writer].map((by) =>
            compare(by, each, done, { text: texts[index] ?? '', headers: {} }),
          ),
        ),
      )
    }

  if (HAS_MEMORY) assert.ok(old > 0, 'no state in memory was old, so the tokens had no effect')
  t.diagnostic(`${pairs} pairs, none of them stale; ${old} checks without a token were`)

  /** Makes a write. Returns its token. With a key, the other server repeats the response. */
  async function make(by: Record<'writer' | 'other', Tenant>, write: Write, withKey: boolean) {
    const { id, customerId } = write
    const isKeyed = withKey && operationOf(id).method === 'POST'
    keys += 1
    const headers = { 'idempotency-key': `key-${keys}` }
    const request: Request = isKeyed ? { ...write.request, headers } : write.request
    const { success, text, headers: sent } = await by.writer.call(id, request)
    assert.notEqual(success, null, `${id}: ${text}`)
    noteMade(tenant, write, text)
    const token = String(sent['bursar-state'])
    if (!isKeyed) return token
    const again = await by.other.call(id, request)
    assert.equal(again.text, text)
    const [shown, before] = [again.headers['bursar-state'], token].map((each) =>
      sequencesIn(customerId, each),
    )
    assert.ok(shown && before && reaches(shown, before), id)
    return token
  }
})

type Fleet = [first: Tenant, second: Tenant, fresh: Tenant]
type Is = { text: string; headers: Record<string, string> }
