import assert from 'node:assert/strict'
import { test } from 'node:test'
import { environmentsIn } from '../../../test/support/environments.ts'
import { assertIdsRefused } from '../../../test/support/refuse-ids.ts'
import { LATER, NOW, openWorld } from '../../../test/support/world.ts'
import { replacedBy } from '../../events/what-changed.ts'
import { instantFromWire } from '../../kernel/clock.ts'
import { ACTIVE_CURRENCIES_LIMIT } from './change-currency.ts'
import { findCurrencies } from './store.ts'

const world = await openWorld()
const { changes, fresh, later, tenant } = environmentsIn(world)

const tokens = {
  id: 'tokens',
  displayName: 'Tokens',
  description: 'Pays for completions',
  symbol: '◈',
  units: { singular: 'token', plural: 'tokens' },
  metadata: { a: '1', b: '2' },
}
const params = (currencyId: string) => ({ params: { currencyId } })
const create = async (body: object) =>
  (await tenant().ok('v1.credits.customCurrencies.create', { body })).data
const update = async (id: string, body: object) =>
  (await tenant().ok('v1.credits.customCurrencies.update', { ...params(id), body })).data
const archive = async (id: string) =>
  (await tenant().ok('v1.credits.customCurrencies.archive', params(id))).data
const unarchive = async (id: string) =>
  (await tenant().ok('v1.credits.customCurrencies.unarchive', params(id))).data
const listed = async (query: Record<string, string> = {}) =>
  (await tenant().ok('v1.credits.customCurrencies.list', { query })).data.map(({ id }) => id)

test('a currency is stored as it was sent, and absent fields are null', async () => {
  await fresh()
  const common = { archivedAt: null, createdAt: NOW, updatedAt: NOW }
  assert.deepEqual(await create(tokens), { ...tokens, ...common })
  assert.deepEqual(await create({ id: 'gems', displayName: 'Gems', symbol: '' }), {
    id: 'gems',
    displayName: 'Gems',
    description: null,
    symbol: null,
    units: null,
    metadata: {},
    ...common,
  })
  assert.deepEqual(await listed(), ['gems', 'tokens'])
})

test('description and symbol are cleared by "" or null, and metadata by null', async () => {
  await fresh()
  await create(tokens)
  later()
  for (const clear of ['', null]) {
    await update('tokens', { description: 'd', symbol: 's' })
    const { description, symbol, units } = await update('tokens', {
      description: clear,
      symbol: clear,
    })
    assert.deepEqual([description, symbol, units], [null, null, tokens.units])
  }
  assert.deepEqual((await update('tokens', { metadata: { b: '', c: '3' } })).metadata, {
    a: '1',
    c: '3',
  })
  const cleared = await update('tokens', { metadata: null })
  assert.deepEqual([cleared.metadata, cleared.updatedAt], [{}, LATER])
})

test('units need both a singular and a plural', async () => {
  await fresh()
  await create(tokens)
  for (const units of [{ singular: 'x' }, { plural: 'x' }, {}, { singular: '', plural: 'x' }, null])
    for (const [operation, request] of [
      ['v1.credits.customCurrencies.create', { body: { ...tokens, id: 'other', units } }],
      ['v1.credits.customCurrencies.update', { ...params('tokens'), body: { units } }],
    ] as const)
      await tenant().refused(operation, request, {
        status: 400,
        code: 'BadUserInput',
        message: /units/,
      })
  const units = { singular: 'gem', plural: 'gems' }
  assert.deepEqual((await update('tokens', { units })).units, units)
})

test('an id that is taken is a 409, even if its currency is archived', async () => {
  await fresh()
  await create(tokens)
  for (let repeat = 0; repeat < 2; repeat += 1) {
    await tenant().refused(
      'v1.credits.customCurrencies.create',
      { body: tokens },
      { status: 409, code: 'DuplicatedEntityNotAllowed', message: /tokens/ },
    )
    await archive('tokens')
  }
})

test('repeating a write changes nothing and publishes no event', async () => {
  await fresh()
  const created = await create(tokens)
  const updated = await update('tokens', { symbol: null, metadata: { gone: '' } })
  const archived = await archive('tokens')
  later()
  assert.deepEqual(await archive('tokens'), archived)
  const back = await unarchive('tokens')
  assert.deepEqual(await unarchive('tokens'), back)
  assert.deepEqual(await update('tokens', { symbol: '' }), back)
  assert.deepEqual(await changes(), [
    ['credit_type.created', null, created],
    ['credit_type.updated', replacedBy(created, updated), updated],
    ['credit_type.archived', replacedBy(updated, archived), archived],
    ['credit_type.unarchived', replacedBy(archived, back), back],
  ])
})

test('an archived currency is not listed and refuses changes, until it is restored', async () => {
  await fresh()
  await create(tokens)
  await create({ id: 'gems', displayName: 'Gems' })
  later()
  assert.deepEqual((await archive('tokens')).archivedAt, LATER)
  await tenant().refused(
    'v1.credits.customCurrencies.update',
    { ...params('tokens'), body: { symbol: '' } },
    { status: 400, code: 'EntityIsArchivedError', message: /tokens/ },
  )
  assert.deepEqual(await listed(), ['gems'])
  assert.deepEqual(await listed({ status: 'ARCHIVED' }), ['tokens'])
  assert.deepEqual(await listed({ status: 'ARCHIVED,ACTIVE' }), ['gems', 'tokens'])
  const [found] = await findCurrencies(world.bursar.app.db.read, tenant().scope, ['tokens'])
  assert.equal(found?.archivedAt, instantFromWire(LATER))
  assert.equal((await unarchive('tokens')).archivedAt, null)
  assert.deepEqual(await listed({ status: 'ACTIVE' }), ['gems', 'tokens'])
})

test('an unknown currency is a 404 CustomCurrencyNotFound, and an invalid id is a 400', async () => {
  await fresh()
  const calls = {
    'v1.credits.customCurrencies.update': { body: {} },
    'v1.credits.customCurrencies.archive': {},
    'v1.credits.customCurrencies.unarchive': {},
    'v1.credits.customCurrencies.listAssociatedEntities': {},
  }
  const code = 'CustomCurrencyNotFound'
  await assertIdsRefused(tenant(), calls, { params, code, field: /currencyId/ })
})

test('without packages, nothing uses a currency', async () => {
  await fresh()
  await create(tokens)
  const used = await tenant().ok(
    'v1.credits.customCurrencies.listAssociatedEntities',
    params('tokens'),
  )
  assert.deepEqual(used, { data: [] })
})

test('one active currency too many is refused, whether it is created or restored', async () => {
  await fresh()
  const tooMany = { status: 400, code: 'TooManyCustomCurrencies', message: /100/ }
  const body = (id: string) => ({ body: { id, displayName: id } })
  for (let count = 0; count < ACTIVE_CURRENCIES_LIMIT; count += 1)
    await create(body(`c${count}`).body)
  await tenant().refused('v1.credits.customCurrencies.create', body('more'), tooMany)
  await archive('c0')
  await create(body('more').body)
  await tenant().refused('v1.credits.customCurrencies.unarchive', params('c0'), tooMany)
  assert.equal((await unarchive('c1')).archivedAt, null)
  await archive('c1')
  assert.equal((await unarchive('c0')).archivedAt, null)
})
