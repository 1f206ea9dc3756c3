import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contract } from '../support/api-document.ts'
import { openWorld } from '../support/world.ts'

const world = await openWorld()

/** The number of operations of the published API of 2026-08, each counted once. */
const PUBLISHED = 122

test('every published operation is served or listed as not served', () => {
  const { paths } = contract.document as { paths: Record<string, Record<string, object>> }
  const published = Object.values(paths)
    .flatMap((methods) => Object.values(methods))
    .filter((operation) => !('x-own' in operation) && !('x-twin-of' in operation))
  assert.equal(published.length + contract.unserved.length, PUBLISHED)
})

test('a published operation that is not served says so, even without a credential', async () => {
  assert.ok(contract.unserved.length > 0)
  for (const { method, path } of contract.unserved) {
    const url = path.replaceAll(/\{\w+\}/g, 'x')
    const response = await world.bursar.server.inject({ method, url })
    assert.equal(response.statusCode, 404, `${method} ${url}`)
    assert.deepEqual(response.json(), {
      message: `${method} ${url} is in the published API, but not served yet`,
      code: null,
      field: null,
    })
  }
})

test('other methods and empty ids beside an operation that is not served are a 404', async () => {
  for (const [method, url] of [
    ['PUT', '/api/v1/contracts'],
    ['GET', '/api/v1/plans//charges'],
    ['GET', '/api/v1/plans/x/charges/y'],
  ] as const) {
    const response = await world.bursar.server.inject({ method, url })
    assert.equal(response.statusCode, 404, url)
    assert.match(response.json().message, /^there is no /)
  }
})
