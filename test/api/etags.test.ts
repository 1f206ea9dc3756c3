import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OperationId } from '../../src/api.gen.ts'
import { contract } from '../support/api-document.ts'
import { operationOf, type Request } from '../support/contract-client.ts'
import { openWorld, type Tenant } from '../support/world.ts'
import { calls, operationIds, path } from './calls.ts'
import { furnishIn } from './furnish.ts'
import { portrait } from './portrait.ts'

/** Two servers over one database. */
const [world, other] = [await openWorld(), await openWorld()]

const furnished = () => furnishIn(world, 'tagged')

const tagged = operationIds.filter((id) => operationOf(id).hasEtag)
/** The reads of the objects that other operations change. */
const reads = tagged.filter((id) => operationOf(id).method === 'GET')
const changes = operationIds.filter((id) => operationOf(id).takesIfMatch)

const ifMatch = (request: Request, tag: string): Request => ({
  ...request,
  headers: { ...request.headers, 'if-match': tag },
})

/** A change that two writers make at once, each with its own `mark`. */
const differently: { readonly [Id in OperationId]?: (mark: number) => Request } = {
  'v1.customers.paymentMethod.attach': (mark) => ({
    params: path,
    body: {
      integrationId: path.integrationId,
      vendorIdentifier: 'STRIPE',
      paymentMethodId: `card-${mark}`,
    },
  }),
  'v1.customers.promotionalEntitlements.update': (mark) => ({
    params: path,
    body: { usageLimit: 3000 + mark },
  }),
  // Before they are archived. The others are drafts.
  'v1.plans.retrieve': () => ({ params: { id: 'pro' } }),
  'v1.addons.retrieve': () => ({ params: { id: 'support' } }),
  'v1.subscriptions.update': (mark) => ({
    params: { id: 'acme-site' },
    body: { metadata: { mark: String(mark) } },
  }),
  // A migration now changes nothing that a subscription shows.
  'v1.subscriptions.migrate': () => ({
    params: { id: 'acme-site' },
    body: { subscriptionMigrationTime: 'END_OF_BILLING_PERIOD' },
  }),
  'v1.subscriptions.transfer': (mark) => ({
    params: { id: 'acme-site' },
    body: { destinationResourceId: `site ${mark}` },
  }),
  'v1.environment.settings.update': (mark) => ({
    body: { allowedOrigins: [`https://${mark}.example.com`] },
  }),
  'v1.members.upsert': (mark) => ({
    params: path,
    body: { role: ['NONE', 'ADMIN', 'VIEWER', 'SUPPORT'][mark] },
  }),
  'v1Beta.governance.updateThresholdConfig': (mark) => ({ body: { thresholds: [mark + 1] } }),
  'v1Beta.customers.assignments.upsert': (mark) => ({
    params: path,
    body: {
      entityEntitlements: [
        {
          entityId: path.entityId,
          featureId: path.featureId,
          usageLimit: 300 + mark,
          cadence: 'P1M',
        },
      ],
    },
  }),
}

/** For a change that can be made once: the operation whose response shows the state before it. */
const stateBefore: { readonly [Id in OperationId]?: OperationId } = {
  'v1.customers.archive': 'v1.customers.update',
  'v1.customers.unarchive': 'v1.customers.archive',
  'v1.customers.paymentMethod.detach': 'v1.customers.paymentMethod.attach',
  'v1.customers.integrations.unlink': 'v1.customers.integrations.update',
  'v1.customers.promotionalEntitlements.revoke': 'v1.customers.promotionalEntitlements.update',
  'v1.features.archiveFeature': 'v1.features.updateFeature',
  'v1.features.unarchiveFeature': 'v1.features.archiveFeature',
  'v1.credits.customCurrencies.archive': 'v1.credits.customCurrencies.update',
  'v1.credits.customCurrencies.unarchive': 'v1.credits.customCurrencies.archive',
  'v1.products.archiveProduct': 'v1.products.updateProduct',
  'v1.products.unarchiveProduct': 'v1.products.archiveProduct',
  'v1.plans.archive': 'v1.plans.retrieve',
  'v1.plans.publish': 'v1.plans.update',
  'v1.plans.removeDraft': 'v1.plans.update',
  'v1.addons.archive': 'v1.addons.retrieve',
  'v1.addons.publish': 'v1.addons.update',
  'v1.addons.removeDraft': 'v1.addons.update',
  'v1.subscriptions.cancel': 'v1.subscriptions.retrieve',
  'v1.subscriptions.migrate': 'v1.subscriptions.retrieve',
  'v1.subscriptions.futureUpdate.cancelSchedule': 'v1.subscriptions.retrieve',
  'v1.subscriptions.futureUpdate.cancelPendingPayment': 'v1.subscriptions.retrieve',
  'v1.subscriptions.delegate': 'v1.subscriptions.retrieve',
  'v1.plans.entitlements.delete': 'v1.plans.entitlements.update',
  'v1.addons.entitlements.delete': 'v1.addons.entitlements.update',
}

const requestOf = (id: OperationId, mark: number): Request =>
  differently[id]?.(mark) ?? calls[id](`mark ${mark}`)

async function tagOf(tenant: Tenant, id: OperationId, request: Request): Promise<string> {
  const { success, headers, text } = await tenant.call(id, request)
  assert.notEqual(success, null, text)
  assert.match(String(headers.etag), /^"[\w-]{21}"$/, id)
  return String(headers.etag)
}

test('every change of a single object has an entity tag', () => {
  assert.ok(changes.length >= 20 && reads.length >= 6)
})

for (const id of tagged.filter((each) => operationOf(each).method !== 'DELETE'))
  test(`${id} returns the entity tag of its object`, async () => {
    await tagOf(await furnished(), id, calls[id]('tagged'))
  })

for (const id of reads)
  test(`${id} returns the tag that the last write returned, on each server`, async () => {
    const tenant = await furnished()
    const { path: template } = operationOf(id)
    const writers = changes.filter(
      (each) =>
        operationOf(each).path === template && ['PUT', 'PATCH'].includes(operationOf(each).method),
    )
    for (const writer of writers) {
      const before = await tagOf(tenant, id, calls[id](''))
      const written = await tagOf(tenant, writer, requestOf(writer, 1))
      assert.notEqual(written, before)
      assert.equal(await tagOf(tenant.through(other), id, calls[id]('')), written)
    }
  })

for (const id of changes) {
  test(`${id} with the tag of another state is a 412 and writes nothing`, async () => {
    const tenant = await furnished()
    const before = await portrait(tenant)
    const text = await tenant.call(id, ifMatch(requestOf(id, 1), '"of-another-state"'))
    assert.equal(text.status, 412, text.text)
    assert.deepEqual(
      { code: text.refusal?.code, field: text.refusal?.field },
      { code: null, field: 'header:If-Match' },
    )
    assert.equal(await portrait(tenant), before)
  })

  test(`${id}: of two writers with the same tag, on two servers, one wins`, async () => {
    const tenant = await furnished()
    const first = stateBefore[id] ?? id
    const tag = await tagOf(tenant, first, requestOf(first, 1))
    const answers = await Promise.all([
      tenant.call(id, ifMatch(requestOf(id, 2), tag)),
      tenant.through(other).call(id, ifMatch(requestOf(id, 3), tag)),
    ])
    const statuses = answers.map(({ status }) => status).sort()
    // What was removed by one writer is not there for the other.
    assert.equal(statuses[0], 200, answers.map(({ text }) => text).join())
    assert.ok(statuses[1] === 412 || statuses[1] === 404, answers.map(({ text }) => text).join())
  })
}

for (const id of operationIds.filter(
  (each) => operationOf(each).method !== 'GET' && !changes.includes(each),
))
  test(`${id} does not take If-Match`, async () => {
    const tenant = await furnished()
    await tenant.refused(id, ifMatch(calls[id]('tagged'), '*'), {
      status: 400,
      code: 'InvalidArgumentError',
      message: /^If-Match: this operation takes no such header/,
    })
  })

test('the API document says which operations take If-Match', () => {
  for (const { id, primaryId, parameters } of contract.operations)
    assert.equal(
      parameters.some(({ name }) => name === 'If-Match'),
      changes.includes(primaryId),
      id,
    )
})

const UPDATE = 'v1.customers.update'

test('If-Match may be *, a list or weak, and is refused in any other form', async () => {
  const tenant = await furnished()
  const change = async (name: string, tag: (current: string) => string) => {
    const current = await tagOf(tenant, 'v1.customers.retrieve', { params: path })
    return (await tenant.call(UPDATE, ifMatch({ params: path, body: { name } }, tag(current))))
      .status
  }
  assert.equal(await change('one', () => '*'), 200)
  assert.equal(await change('two', (tag) => `"other", ${tag}`), 200)
  assert.equal(await change('three', (tag) => `W/${tag}`), 200)
  for (const invalid of ['', 'tag', '"a" "b"', '"a",', '*, "a"', '"é"', 'w/"a"'])
    assert.equal(await change('four', () => invalid), 400, invalid)
})

test('a list of one row takes If-Match, several rows do not, and a new row has no state', async () => {
  const tenant = await furnished()
  const UPSERT = 'v1Beta.customers.entities.upsert'
  const entities = ['ann', 'bob'].map((id) => ({ id, entityTypeId: 'user' }))
  await tenant.refused(UPSERT, ifMatch({ params: path, body: { entities } }, '*'), {
    status: 400,
    code: 'InvalidArgumentError',
    message: /^If-Match: send exactly one row/,
  })
  const bob = { params: path, body: { entities: entities.slice(1) } }
  await tenant.refused(UPSERT, ifMatch(bob, '*'), { status: 412, code: null, message: /no such/ })
  const several = await tenant.call(UPSERT, { params: path, body: { entities } })
  assert.equal(several.headers.etag, undefined)
})

test('a change that is undone has another tag, because it was changed since', async () => {
  const tenant = await furnished()
  const rename = (name: string) => tagOf(tenant, UPDATE, { params: path, body: { name } })
  const first = await rename('one')
  world.clock.moveTo(world.clock.now() + 1)
  await rename('two')
  world.clock.moveTo(world.clock.now() + 1)
  assert.notEqual(await rename('one'), first)
})

test('a retry of a change with If-Match gets the response of the change', async () => {
  const tenant = await furnished()
  const tag = await tagOf(tenant, 'v1.customers.retrieve', { params: path })
  const request = ifMatch({ params: path, body: { name: 'renamed' } }, tag)
  const changed = await tagOf(tenant, UPDATE, request)
  const headers = { ...request.headers, 'x-stainless-retry-count': '1' }
  assert.equal(await tagOf(tenant, UPDATE, { ...request, headers }), changed)
  const again = { ...request, headers: { ...headers, 'if-match': '"another"' } }
  assert.equal((await tenant.call(UPDATE, again)).status, 412)
})

test('an Idempotency-Key is of one request with one If-Match', async () => {
  const tenant = await furnished()
  const ATTACH = 'v1.customers.paymentMethod.attach'
  const tag = await tagOf(tenant, 'v1.customers.retrieve', { params: path })
  const request = { ...requestOf(ATTACH, 1), headers: { 'idempotency-key': 'once' } }
  const attached = await tagOf(tenant, ATTACH, ifMatch(request, tag))
  assert.equal(await tagOf(tenant, ATTACH, ifMatch(request, tag)), attached)
  assert.equal((await tenant.call(ATTACH, ifMatch(request, attached))).status, 400)
})
