import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OperationId } from '../../src/api.gen.ts'
import { contract } from '../support/api-document.ts'
import { operationOf, type Request } from '../support/contract-client.ts'
import { openWorld, type Tenant } from '../support/world.ts'
import { answersOfNobody, calls, operationIds, path, writesNothing } from './calls.ts'
import { furnishIn } from './furnish.ts'
import { portrait } from './portrait.ts'

const world = await openWorld()

const MARK = 'mark-of-one'

const furnished = () => furnishIn(world, MARK)
/** For calls that write nothing: to furnish an environment takes two dozen of them. */
const unwritten = await furnished()
const [publishable, readOnly] = [
  await unwritten.newKey('publishable'),
  await unwritten.newKey('read-only'),
]
/** An environment with the same ids, of somebody else. */
const other = await furnishIn(world, 'mark-of-other')
/** What both must show after every test. To look costs as much as to furnish. */
const [unwrittenLook, otherLook] = [await portrait(unwritten), await portrait(other)]

const furnishedFor = (id: OperationId): Tenant | Promise<Tenant> =>
  writesNothing(id) ? unwritten : furnished()

/** The paths of an operation, as values of `twin`: its own, and that of its alias if it has one. */
const twinsOf = (id: OperationId): boolean[] =>
  contract.operations.some((operation) => operation.primaryId === id && operation.id !== id)
    ? [false, true]
    : [false]

type RefusalCase = { why: string; status: number; request: Request }

/** An operation without cursors refuses this as an unknown parameter. */
const cursorOf = (start: string) => `after=${start}1900000-0000-7000-8000-000000000000`

/** Returns requests that every operation must refuse before it does anything. */
function refusing(id: OperationId): RefusalCase[] {
  const operation = operationOf(id)
  const request = calls[id](MARK)
  const json = { 'content-type': 'application/json' }
  const list: RefusalCase[] = [
    { why: 'an unknown parameter', status: 400, request: { ...request, query: 'unheardOf=1' } },
    { why: 'NUL in the query', status: 400, request: { ...request, query: 'limit=%00' } },
    { why: 'a cursor of nothing', status: 400, request: { ...request, query: cursorOf('0') } },
    {
      why: 'a cursor in another form',
      status: 400,
      request: { ...request, query: cursorOf('urn:uuid:0') },
    },
    { why: 'bad UTF-8 in the query', status: 400, request: { ...request, query: 'limit=%ff' } },
  ]
  if (operation.permission !== null)
    list.push(
      { why: 'no key', status: 401, request: { ...request, apiKey: null } },
      { why: 'an unknown key', status: 401, request: { ...request, apiKey: 'server-nobody' } },
    )
  if (operation.permission !== null && operation.permission !== 'entitlements:read')
    list.push({
      why: 'a publishable key',
      status: 403,
      request: { ...request, apiKey: publishable },
    })
  if (operation.permission?.endsWith(':write'))
    list.push({ why: 'a read-only key', status: 403, request: { ...request, apiKey: readOnly } })
  const named = ['id', 'currencyId'].find((name) => operation.path.includes(`{${name}}`))
  if (named !== undefined) {
    const params = (wrong: string) => ({
      ...request,
      params: { ...path, ...request.params, [named]: wrong },
    })
    const isAnswered = answersOfNobody.includes(id)
    if (!isAnswered) {
      list.push({ why: 'an id of nothing', status: 404, request: params('nobody') })
      list.push({ why: 'a traversal', status: 400, request: params('../acme') })
    }
    list.push({ why: 'NUL in the path', status: 400, request: params('a\0b') })
    list.push({ why: 'an empty segment', status: 404, request: params('') })
    list.push({ why: 'an id too long', status: 400, request: params('a'.repeat(256)) })
  }
  if (operation.method === 'GET') return list
  const body = (content: string | Buffer, headers: Record<string, string> = json): Request => ({
    ...request,
    body: content,
    headers,
  })
  const text = { 'content-type': 'text/plain' }
  const largest = operation.maxBytes ?? 1_048_576
  return [
    ...list,
    { why: 'a body of another type', status: 415, request: body('{}', text) },
    { why: 'a body that is too large', status: 413, request: body(`"${'a'.repeat(largest)}"`) },
    { why: 'malformed JSON', status: 400, request: body('{"a":') },
    { why: 'JSON that is no object', status: 400, request: body('[1]') },
    { why: 'bad UTF-8', status: 400, request: body(Buffer.from('7b2261ff223a317d', 'hex')) },
    { why: 'a key __proto__', status: 400, request: body('{"__proto__":{"a":1}}') },
    { why: 'an unknown key', status: 400, request: body('{"unheardOf":1}') },
    { why: 'a NUL', status: 400, request: body('{"a":"\\u0000"}') },
    { why: 'a lone surrogate', status: 400, request: body('{"a":"\\ud800"}') },
    { why: 'a number out of range', status: 400, request: body('{"a":1e400}') },
    { why: 'deep nesting', status: 400, request: body('['.repeat(500) + ']'.repeat(500)) },
    ...(operation.bodySchema === null
      ? []
      : [{ why: 'no body', status: 400, request: { ...request, body: '', headers: json } }]),
  ]
}

for (const id of operationIds) {
  test(`${id} succeeds with its documented status, on every route`, async () => {
    for (const twin of twinsOf(id)) {
      const tenant = await furnishedFor(id)
      const { status } = await tenant.call(id, { ...calls[id](MARK), twin })
      assert.equal(status, operationOf(id).successStatus)
    }
  })

  test(`${id} refuses every invalid request and writes nothing`, async () => {
    for (const { why, status, request } of refusing(id))
      for (const twin of twinsOf(id)) {
        const answer = await unwritten.call(id, { ...request, twin })
        assert.equal(answer.status, status, `${why}: ${answer.text}`)
      }
    assert.equal(await portrait(unwritten), unwrittenLook)
  })

  test(`${id} neither shows nor changes an environment with the same ids`, async () => {
    const mine = await furnishedFor(id)
    const answer = await mine.call(id, calls[id](MARK))
    assert.notEqual(answer.success, null, answer.text)
    assert.doesNotMatch(answer.text, /mark-of-other/)
    assert.equal(await portrait(other), otherLook)
    const unchanged = mine === unwritten ? unwrittenLook : await portrait(mine)
    const empty = await world.tenant()
    for (const twin of twinsOf(id)) {
      const foreign = await empty.call(id, { ...calls[id]('mark-of-third'), twin })
      assert.doesNotMatch(foreign.text, /mark-of-o/)
    }
    assert.deepEqual([await portrait(mine), await portrait(other)], [unchanged, otherLook])
  })

  test(`${id} ignores X-ACCOUNT-ID and X-ENVIRONMENT-ID if there is an API key`, async () => {
    const mine = await furnishedFor(id)
    const headers = { 'x-account-id': other.id, 'x-environment-id': other.id }
    const answer = await mine.call(id, { ...calls[id](MARK), headers })
    assert.notEqual(answer.success, null, answer.text)
    assert.doesNotMatch(answer.text, /mark-of-other/)
  })
}

test('a method that a path does not have is a 405 with the allowed methods, before authentication', async () => {
  const paths = new Map<string, string[]>()
  for (const { path: template, method } of contract.operations)
    paths.set(template, [...(paths.get(template) ?? []), method])
  for (const [template, taken] of paths) {
    const url = template
      .replace('{id}', 'acme')
      .replace('{entityId}', 'ann')
      .replace('{integrationId}', 'x')
      .replace('{currencyId}', 'tokens')
      .replace('{reservationId}', 'x')
      .replace('{featureId}', 'api-calls')
      .replace('{keyId}', 'x')
    const candidates = ['GET', 'PUT', 'POST', 'PATCH', 'DELETE', 'OPTIONS'] as const
    for (const method of candidates.filter((candidate) => !taken.includes(candidate))) {
      const isCalledSo =
        (method === 'GET' && /entities\/(un)?archive$/.test(url)) ||
        (['GET', 'PATCH'].includes(method) && /(customers|subscriptions)\/import$/.test(url))
      const response = await world.bursar.server.inject({ method, url })
      assert.equal(response.statusCode, isCalledSo ? 401 : 405, `${method} ${url}`)
      assert.equal(response.json().code, isCalledSo ? 'Unauthenticated' : null)
      if (!isCalledSo)
        for (const one of taken) assert.match(String(response.headers.allow), new RegExp(one))
    }
  }
})

test('an unknown path is a 404 with an error body, whatever its form', async () => {
  for (const url of [
    '/api/v1',
    '/api/v1/nothing',
    '/api/v1/customers/',
    '/api/v1/customers//archive',
    '/api/v1//customers',
    '/API/v1/customers',
    '/api/v1/customers/acme/entities/',
    '/api/v2/customers',
  ]) {
    const response = await world.bursar.server.inject({ method: 'GET', url })
    assert.equal(response.statusCode, 404, url)
    assert.deepEqual(Object.keys(response.json()).sort(), ['code', 'field', 'message'])
    assert.match(String(response.headers['x-trace-id']), /^[0-9a-f]{32}$/)
  }
})

test('a path with invalid percent-encoding is a 400 with an error body', async () => {
  for (const url of ['/api/v1/customers/%', '/api/v1/customers/%ff', '/api/v1/customers/%zz']) {
    const response = await world.bursar.server.inject({ method: 'GET', url })
    assert.equal(response.statusCode, 400, url)
    assert.equal(response.json().code, 'BadUserInput')
    assert.match(String(response.headers['x-trace-id']), /^[0-9a-f]{32}$/)
  }
})

test('refusals have the documented order', async () => {
  const tenant = await furnished()
  const upsert = 'v1Beta.customers.entities.upsert' as const
  const readOnly = await tenant.newKey('read-only')
  const headers = { 'content-type': 'application/json' }
  const nobody = { ...path, id: 'nobody' }
  const twice = { entities: [{ id: 'a' }, { id: 'a' }] }
  await tenant.ok('v1.customers.provision', { body: { id: 'gone' } })
  await tenant.ok('v1.customers.archive', { params: { id: 'gone' } })
  const steps: [status: number, request: Request][] = [
    [401, { params: nobody, apiKey: 'unknown', headers, body: '{' }],
    [403, { params: nobody, apiKey: readOnly, headers, body: 'a'.repeat(1_100_000) }],
    [
      413,
      { params: nobody, headers: { 'content-type': 'text/plain' }, body: 'a'.repeat(1_100_000) },
    ],
    [415, { params: nobody, headers: { 'content-type': 'text/plain' }, body: '{' }],
    [400, { params: nobody, headers, body: '{' }],
    [400, { params: nobody, body: { entities: [] } }],
    [404, { params: nobody, body: twice }],
    [400, { params: { id: 'gone' }, body: twice }],
    [400, { params: path, body: twice }],
  ]
  const codes = []
  for (const [status, request] of steps) {
    const { status: answered, refusal, text } = await tenant.call(upsert, request)
    assert.equal(answered, status, text)
    codes.push(refusal?.code)
  }
  assert.deepEqual(codes.slice(-3), ['CustomerNotFound', 'EntityIsArchivedError', 'BadUserInput'])
})

test('operations without a body accept an absent body, an empty one and {}', async () => {
  const tenant = await furnished()
  const json = { 'content-type': 'application/json' }
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  for (const request of [
    {},
    { body: '', headers: json },
    { body: '', headers: form },
    { body: {} },
  ])
    await tenant.ok('v1.customers.archive', { params: path, ...request })
})

test('the trace id is that of the caller, if it sends one', async () => {
  const tenant = await furnished()
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
  const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-01` }
  const answer = await tenant.call('v1.customers.list', { headers })
  assert.equal(answer.headers['x-trace-id'], traceId)
})

test('/openapi.json is the committed API document, and health checks need no key', async () => {
  const get = (url: string) => world.bursar.server.inject({ method: 'GET', url })
  assert.deepEqual((await get('/openapi.json')).json(), contract.document)
  assert.equal((await get('/health/live')).statusCode, 200)
  assert.equal((await get('/health/ready')).statusCode, 200)
  assert.match((await get('/')).body, /Bursar/)
})
