import assert from 'node:assert/strict'
import { test } from 'node:test'
import Fastify from 'fastify'
import { openWorld } from '../../test/support/world.ts'
import { column, row, sql } from '../db/index.ts'
import { createAnswerOnce } from '../idempotency/index.ts'
import { systemOrigin } from '../kernel/origin.ts'
import { answerKeyed } from './idempotency-key.ts'
import { withoutSecrets } from './without-secrets.ts'

test('secrets are replaced with null, and nothing else is changed', () => {
  const body = { data: { id: 'a', secret: 's', list: [{ key: 'k', id: 1 }, { id: 2 }] } }
  assert.deepEqual(withoutSecrets(body, ['data.secret', 'data.list[].key', 'data.none.key']), {
    data: { id: 'a', secret: null, list: [{ key: null, id: 1 }, { id: 2 }] },
  })
  assert.equal(body.data.secret, 's')
})

test('a secret is returned once, and the stored answer contains null instead', async () => {
  const world = await openWorld()
  const { scope } = await world.tenant()
  const { app } = world.bursar
  const once = createAnswerOnce()
  const server = Fastify()
  server.post('/', (_, reply) =>
    answerKeyed(reply, {
      ...{ once, call: { app, scope, origin: systemOrigin('test') } },
      ...{ path: '/', key: 'k', content: {}, secrets: ['data.secret'] },
      serialize: (run) => run(),
      work: async () => ({
        ...{ status: 201, headers: {} },
        body: { data: { id: 'a', secret: 'whs-1' } },
      }),
    }),
  )
  const first = await server.inject({ method: 'POST', url: '/' })
  assert.deepEqual(first.json(), { data: { id: 'a', secret: 'whs-1' } })
  const repeated = await server.inject({ method: 'POST', url: '/' })
  assert.deepEqual(repeated.json(), { data: { id: 'a', secret: null } })
  assert.deepEqual([first.statusCode, repeated.statusCode], [201, 201])
  assert.equal(repeated.headers['idempotency-replayed'], 'true')
  const { body } = await app.db.read.one(
    row({ body: column.text }),
    sql`select body from idempotency_answers
      where environment_key = ${scope.environmentKey}::uuid`,
  )
  assert.doesNotMatch(body, /whs-1/)
})
