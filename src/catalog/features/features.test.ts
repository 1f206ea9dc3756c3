import assert from 'node:assert/strict'
import { test } from 'node:test'
import { environmentsIn } from '../../../test/support/environments.ts'
import { assertIdsRefused } from '../../../test/support/refuse-ids.ts'
import { LATER, NOW, openWorld } from '../../../test/support/world.ts'
import { replacedBy } from '../../events/what-changed.ts'
import { NO_VERSION } from '../../kernel/ids.ts'
import { catalogVersion } from '../catalog-store.ts'
import { findFeatures, findFeaturesByKey, meteredFeatures } from './store.ts'

const world = await openWorld()
const { read } = world.bursar.app.db
const { changes, fresh, later, tenant } = environmentsIn(world)

const calls = { id: 'calls', displayName: 'Calls', featureType: 'NUMBER', meterType: 'INCREMENTAL' }
const region = {
  id: 'region',
  displayName: 'Region',
  featureType: 'ENUM',
  enumConfiguration: [
    { value: 'eu', displayName: 'Europe' },
    { value: 'us', displayName: 'United States' },
  ],
}
const meter = {
  aggregation: { function: 'UNIQUE', field: 'userId' },
  filters: [
    { conditions: [{ field: 'event_name', operation: 'EQUALS', value: 'call' }] },
    { conditions: [{ field: 'model', operation: 'IN', values: ['a', 'b'] }] },
  ],
}
const params = (id: string) => ({ params: { id } })
const create = async (body: object) =>
  (await tenant().ok('v1.features.createFeature', { body })).data
const retrieve = async (id: string) =>
  (await tenant().ok('v1.features.retrieveFeature', params(id))).data
const update = async (id: string, body: object) =>
  (await tenant().ok('v1.features.updateFeature', { ...params(id), body })).data
const refusedUpdate = (id: string, body: object, code: string, message: RegExp) =>
  tenant().refused(
    'v1.features.updateFeature',
    { ...params(id), body },
    { status: 400, code, message },
  )
const refusedNew = (body: object, code: string, message: RegExp) =>
  tenant().refused('v1.features.createFeature', { body }, { status: 400, code, message })
const listed = async (query: Record<string, string> | string = {}) =>
  (await tenant().ok('v1.features.listFeatures', { query })).data.map(({ id }) => id)
const announced = async () => (await tenant().announced()).map(({ type }) => type)

test('a feature with only the required fields has the defaults', async () => {
  await fresh()
  const feature = await create({ id: 'sso', displayName: 'SSO', featureType: 'BOOLEAN' })
  assert.deepEqual(feature, {
    id: 'sso',
    displayName: 'SSO',
    description: null,
    featureType: 'BOOLEAN',
    meterType: 'None',
    featureStatus: 'NEW',
    featureUnits: null,
    featureUnitsPlural: null,
    enumConfiguration: null,
    unitTransformation: null,
    meter: null,
    metadata: {},
    createdAt: NOW,
    updatedAt: NOW,
  })
  assert.deepEqual(await retrieve('sso'), feature)
})

test('a feature with all fields is stored as it was sent', async () => {
  await fresh()
  const said = {
    ...calls,
    description: 'Calls to the API',
    featureStatus: 'ACTIVE',
    featureUnits: 'call',
    featureUnitsPlural: 'calls',
    unitTransformation: {
      divide: 999_999_999_999_999,
      round: 'DOWN',
      featureUnits: 'k',
      featureUnitsPlural: 'ks',
    },
    metadata: { a: '1', constructor: 'c' },
  }
  const feature = await create(said)
  assert.deepEqual(feature, {
    ...said,
    enumConfiguration: null,
    meter: null,
    createdAt: NOW,
    updatedAt: NOW,
  })
  const { enumConfiguration } = await create({ ...region, featureUnits: '', description: '' })
  assert.deepEqual(enumConfiguration, region.enumConfiguration)
  assert.deepEqual([(await retrieve('region')).featureUnits, feature.metadata.a], [null, '1'])
})

test('a unit transformation rounds up by default', async () => {
  await fresh()
  const { unitTransformation } = await create({ ...calls, unitTransformation: { divide: 1000 } })
  assert.deepEqual(unitTransformation, {
    divide: 1000,
    round: 'UP',
    featureUnits: null,
    featureUnitsPlural: null,
  })
  assert.equal((await update('calls', { unitTransformation: null })).unitTransformation, null)
  assert.equal(
    (await create({ ...calls, id: 'n', unitTransformation: null })).meterType,
    'INCREMENTAL',
  )
})

test('a contradictory feature is refused with its code, and nothing is created', async () => {
  await fresh()
  const boolean = { ...calls, featureType: 'BOOLEAN' }
  await refusedNew(boolean, 'MeteringNotAvailableForFeatureType', /^meterType/)
  const { enumConfiguration } = region
  await refusedNew({ ...calls, enumConfiguration }, 'UnsupportedFeatureType', /^enumConfiguration/)
  await refusedNew({ ...region, enumConfiguration: [] }, 'InvalidArgumentError', /at least one/)
  const twice = [...enumConfiguration, ...enumConfiguration]
  await refusedNew({ ...region, enumConfiguration: twice }, 'InvalidArgumentError', /\[2\] \(eu\)/)
  const many = Array.from({ length: 101 }, (_, at) => ({ value: `v${at}`, displayName: 'v' }))
  await refusedNew(
    { ...region, enumConfiguration: many },
    'FeatureConfigurationExceededLimitError',
    /100/,
  )
  const unitTransformation = { divide: 10 }
  await refusedNew(
    { ...region, unitTransformation },
    'UnsupportedFeatureType',
    /^unitTransformation/,
  )
  for (const divide of [0, -1, 1.5, 1e15, '10', null])
    await refusedNew({ ...calls, unitTransformation: { divide } }, 'BadUserInput', /divide/)
  await refusedNew({ ...calls, meter }, 'BadUserInput', /meter/)
  await refusedNew({ ...calls, id: 'a b' }, 'BadUserInput', /^id/)
  await refusedNew({ ...calls, displayName: '' }, 'BadUserInput', /^displayName/)
  assert.deepEqual([await listed(), await announced()], [[], []])
})

test('an id that is taken is a 409, even if its feature is archived', async () => {
  await fresh()
  await create(calls)
  for (let repeat = 0; repeat < 2; repeat += 1) {
    await tenant().refused(
      'v1.features.createFeature',
      { body: { ...calls, displayName: 'Other' } },
      { status: 409, code: 'DuplicatedEntityNotAllowed', message: /calls/ },
    )
    await tenant().ok('v1.features.archiveFeature', params('calls'))
  }
  assert.equal((await retrieve('calls')).displayName, 'Calls')
})

test('an update keeps absent fields, clears with "", merges metadata and replaces the rest', async () => {
  await fresh()
  await create({ ...region, description: 'd', featureUnits: 'u', metadata: { a: '1', b: '2' } })
  later()
  const after = await update('region', {
    displayName: 'Regions',
    description: '',
    featureUnits: '',
    enumConfiguration: [{ value: 'ap', displayName: 'Asia' }, region.enumConfiguration[0]],
    metadata: { b: '', c: '3' },
  })
  assert.deepEqual(after, {
    ...(await retrieve('region')),
    displayName: 'Regions',
    description: null,
    featureUnits: null,
    featureUnitsPlural: null,
    enumConfiguration: [{ value: 'ap', displayName: 'Asia' }, region.enumConfiguration[0]],
    metadata: { a: '1', c: '3' },
    createdAt: NOW,
    updatedAt: LATER,
  })
})

test('type, meter type, status and id cannot be changed', async () => {
  await fresh()
  await create(calls)
  for (const field of ['id', 'featureType', 'meterType', 'featureStatus'])
    await refusedUpdate('calls', { [field]: 'x' }, 'BadUserInput', new RegExp(field))
})

test('a meter is stored, returned and replaced as a whole, and only a metered feature can have one', async () => {
  await fresh()
  await create(calls)
  await create({ ...calls, id: 'plain', meterType: 'None' })
  assert.deepEqual((await update('calls', { meter })).meter, meter)
  assert.deepEqual((await retrieve('calls')).meter, meter)
  const count = { aggregation: { function: 'COUNT' }, filters: [] }
  assert.deepEqual((await update('calls', { meter: count })).meter, count)
  await refusedUpdate('plain', { meter }, 'MeterMustBeAssociatedToMeteredFeature', /plain/)
  const noField = { ...meter, aggregation: { function: 'SUM' } }
  await refusedUpdate('calls', { meter: noField }, 'InvalidArgumentError', /aggregation\.field/)
  const condition = { field: 'a', operation: 'EQUALS' }
  const noValue = { ...meter, filters: [{ conditions: [condition] }] }
  await refusedUpdate('calls', { meter: noValue }, 'InvalidArgumentError', /conditions\[0\]\.value/)
  for (const wrong of [
    { ...meter, filters: Array.from({ length: 21 }, () => meter.filters[0]) },
    { ...meter, filters: [{ conditions: [{ ...condition, operation: 'LIKE', value: 'x' }] }] },
    { ...meter, filters: [{ conditions: [{ ...condition, value: 5 }] }] },
    { ...meter, unheardOf: 1 },
  ])
    await refusedUpdate('calls', { meter: wrong }, 'BadUserInput', /meter/)
  assert.deepEqual((await retrieve('calls')).meter, count)
})

test('repeating a write changes nothing and publishes no event', async () => {
  await fresh()
  const feature = await create({ ...calls, metadata: { a: '1' } })
  const body = { meter, unitTransformation: { divide: 10 }, metadata: { b: '2', gone: '' } }
  const updated = await update('calls', body)
  const archived = (await tenant().ok('v1.features.archiveFeature', params('calls'))).data
  later()
  assert.deepEqual(
    (await tenant().ok('v1.features.archiveFeature', params('calls'))).data,
    archived,
  )
  const back = (await tenant().ok('v1.features.unarchiveFeature', params('calls'))).data
  assert.deepEqual((await tenant().ok('v1.features.unarchiveFeature', params('calls'))).data, back)
  assert.deepEqual(await update('calls', body), back)
  assert.deepEqual(await changes(), [
    ['feature.created', null, feature],
    ['feature.updated', replacedBy(feature, updated), updated],
    ['feature.deleted', replacedBy(updated, archived), archived],
    ['feature.updated', replacedBy(archived, back), back],
  ])
})

test('an archived feature is SUSPENDED, refuses changes, can be read, and can be restored', async () => {
  await fresh()
  await create(calls)
  later()
  const { data } = await tenant().ok('v1.features.archiveFeature', params('calls'))
  assert.deepEqual([data.featureStatus, data.updatedAt], ['SUSPENDED', LATER])
  assert.equal((await retrieve('calls')).featureStatus, 'SUSPENDED')
  await refusedUpdate('calls', { displayName: 'x' }, 'EntityIsArchivedError', /calls/)
  // The request is validated before the state. So its own contradictions are refused first.
  const noField = { ...meter, aggregation: { function: 'SUM' } }
  await refusedUpdate('calls', { meter: noField }, 'InvalidArgumentError', /field/)
  await refusedUpdate('calls', { enumConfiguration: [] }, 'EntityIsArchivedError', /calls/)
  const back = await tenant().ok('v1.features.unarchiveFeature', params('calls'))
  assert.equal(back.data.featureStatus, 'ACTIVE')
})

test('an unknown feature is a 404 FeatureNotFound, and an invalid id is a 400', async () => {
  await fresh()
  const requests = {
    'v1.features.retrieveFeature': {},
    'v1.features.updateFeature': { body: {} },
    'v1.features.archiveFeature': {},
    'v1.features.unarchiveFeature': {},
  }
  await assertIdsRefused(tenant(), requests, { params, code: 'FeatureNotFound', field: /id/ })
})

test('the list accepts each filter, alone and combined', async () => {
  await fresh()
  await create(calls)
  await create({ ...calls, id: 'seats', meterType: 'FLUCTUATING', featureStatus: 'ACTIVE' })
  later()
  await create({ id: 'sso', displayName: 'SSO', featureType: 'BOOLEAN' })
  await create(region)
  await tenant().ok('v1.features.archiveFeature', params('sso'))
  assert.deepEqual(await listed(), ['region', 'sso', 'seats', 'calls'])
  assert.deepEqual(await listed({ id: 'seats' }), ['seats'])
  assert.deepEqual(await listed({ id: 'nope' }), [])
  assert.deepEqual(await listed({ featureType: 'ENUM,BOOLEAN' }), ['region', 'sso'])
  assert.deepEqual(await listed('meterType=INCREMENTAL&meterType=FLUCTUATING'), ['seats', 'calls'])
  assert.deepEqual(await listed({ status: 'NEW' }), ['region', 'calls'])
  assert.deepEqual(await listed('status[]=SUSPENDED'), ['sso'])
  assert.deepEqual(await listed(`createdAt[gte]=${LATER}`), ['region', 'sso'])
  assert.deepEqual(await listed(`createdAt[lt]=${LATER}&status=ACTIVE&id=seats`), ['seats'])
  await tenant().refused(
    'v1.features.listFeatures',
    { query: { status: 'NEW,OLD' } },
    { status: 400, code: 'BadUserInput', message: /status\[1\]/ },
  )
})

test('pages can be read in both directions, and show every feature once', async () => {
  await fresh()
  const ids = Array.from({ length: 7 }, (_, index) => `f${index}`)
  for (const id of ids) await create({ ...calls, id })
  const page = (query: Record<string, string>) =>
    tenant().ok('v1.features.listFeatures', { query: { limit: '3', ...query } })
  const idsOf = ({ data }: { data: { id: string }[] }) => data.map(({ id }) => id)
  const first = await page({})
  const second = await page({ after: first.pagination.next ?? '' })
  const third = await page({ after: second.pagination.next ?? '' })
  assert.deepEqual([first, second, third].flatMap(idsOf), [...ids].reverse())
  assert.deepEqual([first.pagination.prev, third.pagination.next], [null, null])
  assert.deepEqual(await page({ before: third.pagination.prev ?? '' }), second)
})

test('features are found by id, by key and by meter, and each change has a new catalog version', async () => {
  await fresh()
  const { scope } = tenant()
  const versions = [await catalogVersion(read, scope)]
  assert.deepEqual(versions, [NO_VERSION])
  for (const write of [
    () => create(calls),
    () => create(region),
    () => update('calls', { meter }),
    () => tenant().ok('v1.features.archiveFeature', params('calls')),
  ]) {
    await write()
    versions.push(await catalogVersion(read, scope))
  }
  assert.equal(new Set(versions).size, 5)
  await update('region', {})
  assert.equal(await catalogVersion(read, scope), versions.at(-1))
  const found = await findFeatures(read, scope, ['region', 'calls', 'nope'])
  assert.deepEqual(found.map(({ id }) => id).sort(), ['calls', 'region'])
  const keys = found.map(({ key }) => key)
  assert.deepEqual((await findFeaturesByKey(read, keys)).map(({ id }) => id).sort(), [
    'calls',
    'region',
  ])
  const metered = await meteredFeatures(read, scope)
  assert.deepEqual(
    metered.map((one) => [one.id, one.status, one.meter]),
    [['calls', 'SUSPENDED', meter]],
  )
  const other = await world.tenant()
  assert.deepEqual(await meteredFeatures(read, other.scope), [])
  assert.deepEqual(await findFeatures(read, other.scope, ['calls']), [])
})
