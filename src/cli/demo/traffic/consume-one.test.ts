import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Api } from '../../api.ts'
import { CommandError } from '../../command.ts'
import { consumeOne, resultOf } from './consume-one.ts'

const CONSUMER = { customerId: 'a b', featureId: 'f' }
const DRAWN = { amount: 7, dimensions: { userId: 'u' } }

function apiThat(send: Api['send']): Api {
  return { baseUrl: 'http://h', send, succeed: send }
}

test('a request is granted, denied or failed, and has a reason unless a budget denies it', () => {
  const chains = [[{ entityId: 'u' }]]
  const answers: [unknown, unknown][] = [
    [
      { status: 200, body: { data: { isGranted: true, accessDeniedReason: null, chains } } },
      { fate: 'granted', reason: null, chains },
    ],
    [
      {
        status: 200,
        body: { data: { isGranted: false, accessDeniedReason: 'BudgetExceeded', chains } },
      },
      { fate: 'denied', reason: null, chains },
    ],
    [
      { status: 200, body: { data: { isGranted: false, accessDeniedReason: 'CustomerNotFound' } } },
      { fate: 'denied', reason: 'denied: CustomerNotFound', chains: [] },
    ],
    [
      { status: 503, body: { message: 'overloaded', code: null } },
      { fate: 'failed', reason: '503: overloaded', chains: [] },
    ],
    [
      { status: 502, body: {} },
      { fate: 'failed', reason: '502: no reason given', chains: [] },
    ],
  ]
  for (const [answer, consumed] of answers)
    assert.deepEqual(resultOf(answer as Parameters<typeof resultOf>[0]), consumed)
})

test('each request has its own idempotency key', async () => {
  const sent: unknown[] = []
  const api = apiThat(async (method, path, body) => {
    assert.equal(`${method} ${path}`, 'POST /api/v1/customers/a%20b/consume')
    sent.push(body)
    return { status: 200, body: { data: { isGranted: true, accessDeniedReason: null } } }
  })
  await consumeOne(api, CONSUMER, DRAWN)
  await consumeOne(api, CONSUMER, DRAWN)
  const keys = sent.map((body) => (body as { idempotencyKey: string }).idempotencyKey)
  assert.equal(new Set(keys).size, 2)
  assert.deepEqual(sent[0], { featureId: 'f', ...DRAWN, idempotencyKey: keys[0] })
})

test('a server that does not respond is a failure, but a defect is thrown', async () => {
  const lost = apiThat(() => Promise.reject(new CommandError('no server answers')))
  assert.deepEqual(await consumeOne(lost, CONSUMER, DRAWN), {
    fate: 'failed',
    reason: 'no server answers',
    chains: [],
  })
  const broken = apiThat(() => Promise.reject(new TypeError('ours')))
  await assert.rejects(consumeOne(broken, CONSUMER, DRAWN), TypeError)
})
