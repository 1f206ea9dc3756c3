import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openWorld, type Tenant } from '../../../test/support/world.ts'
import { type CustomerVersion, environmentVersion, findCustomerKey } from '../../customers/index.ts'
import type { Reader } from '../../db/index.ts'
import { required } from '../../kernel/assert.ts'
import { newVersion } from '../../kernel/ids.ts'
import { cacheResolutions } from './cache-resolutions.ts'

const world = await openWorld()
const { app } = world.bursar
const params = { id: 'acme' }

const setKeys = (tenant: Tenant, keys: Record<string, string>) =>
  tenant.ok('v1Beta.entityTypes.upsert', {
    body: {
      types: Object.entries(keys).map(([id, key]) => ({
        ...{ id, displayName: id, attributionKeys: [key] },
      })),
    },
  })

/** Runs statements one after the other, as a transaction does, with a step before each. */
function withSteps(reader: Reader, steps: (() => Promise<unknown>)[]): Reader {
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(statement: () => Promise<T>): Promise<T> => {
    const step = steps.shift() ?? nothing
    const result = last.then(step).then(statement)
    last = result
    return result
  }
  return {
    many: (...asked) => inTurn(() => reader.many(...asked)),
    maybeOne: (...asked) => inTurn(() => reader.maybeOne(...asked)),
    one: (...asked) => inTurn(() => reader.one(...asked)),
  }
}

const nothing = async () => {}
const BEFORE = { user: 'userId', team: 'teamId' }
const AFTER = { user: 'actorId', team: 'teamId' }

/** When attribution keys change: right before one of the statements that use them. */
const CASES = {
  'before they are read': { isCached: false, statement: 0 },
  'after they were read': { isCached: false, statement: 1 },
  'while they are cached': { isCached: true, statement: 0 },
}
for (const [name, { isCached, statement }] of Object.entries(CASES))
  test(`attribution keys that change ${name} are not combined with earlier keys`, async () => {
    const tenant = await world.tenant()
    await tenant.ok('v1.customers.provision', { body: params })
    await setKeys(tenant, BEFORE)
    const entities = [
      { id: 'ann', entityTypeId: 'user' },
      { id: 'bob', entityTypeId: 'user' },
    ]
    await tenant.ok('v1Beta.customers.entities.upsert', { params, body: { entities } })
    const { scope } = tenant
    const reader = app.db.read
    const customerKey = required(await findCustomerKey(reader, scope, params.id), 'the customer')
    const customerVersions = new Map<string, CustomerVersion>([
      [
        customerKey,
        {
          version: newVersion(),
          usageVersion: newVersion(),
          replacedUsageVersion: null,
          sequence: 1,
          now: app.clock.now(),
          closedUntil: -Infinity,
        },
      ],
    ])
    const read = cacheResolutions()
    const ask = async (steps: (() => Promise<unknown>)[], userId: string) => {
      const attributable = { customerKey, dimensions: { userId, actorId: 'bob' }, featureKeys: [] }
      const query = { attributables: [attributable], customerVersions, now: app.clock.now() }
      const version = await environmentVersion(reader, scope)
      const all = { ...query, environmentVersion: version }
      const [resolution] = await read(withSteps(reader, steps), scope, all)
      return resolution?.paths.map((path) => path.map(({ entityId }) => entityId))
    }
    if (isCached) assert.deepEqual(await ask([], 'nobody'), [])
    const before = Array.from({ length: statement }, () => nothing)
    const raced = await ask([...before, () => setKeys(tenant, AFTER)], 'ann')
    assert.deepEqual(raced, [['bob']])
    assert.deepEqual(await ask([], 'ann'), [['bob']])
  })
