import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FEATURE, openAgency, params } from '../../test/support/agency.ts'
import { openWorld, type Tenant } from '../../test/support/world.ts'
import { findFeatures } from '../catalog/index.ts'
import { findCustomerKey } from '../customers/index.ts'
import type { Reader } from '../db/index.ts'
import { required } from '../kernel/assert.ts'
import { environmentVersion } from '../metering/index.ts'
import { rememberResolutions } from './remember-resolutions.ts'

const world = await openWorld()
const { read } = world.bursar.app.db

const attribute = (tenant: Tenant, attributionKeys: string[]) =>
  tenant.ok('v1Beta.entityTypes.upsert', {
    body: { types: [{ id: 'user', displayName: 'user', attributionKeys }] },
  })

/**
 * Reads one statement after the other, as a transaction does, and has something happen right before
 * the one of that number, from 1.
 */
function interrupted(at: number, happening: () => Promise<unknown>): Reader {
  let statements = 0
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(statement: () => Promise<T>): Promise<T> => {
    statements += 1
    const isNow = statements === at
    const mine = last.then(() => (isNow ? happening() : null)).then(statement)
    last = mine
    return mine
  }
  return {
    many: (decode, statement) => inTurn(() => read.many(decode, statement)),
    maybeOne: (decode, statement) => inTurn(() => read.maybeOne(decode, statement)),
    one: (decode, statement) => inTurn(() => read.one(decode, statement)),
  }
}

for (const at of [1, 2])
  test(`types that change before statement ${at} attribute as before or as after`, async () => {
    const { tenant } = await openAgency(world)
    const { scope } = tenant
    const customerKey = required(await findCustomerKey(read, scope, params.id), 'acme')
    const [feature] = await findFeatures(read, scope, [FEATURE])
    const { key } = required(feature, 'a feature')
    const readResolutions = rememberResolutions()
    const heads = new Map([[customerKey, { version: 1, now: world.clock.now() }]])
    const pathsOf = async (reader: Reader, dimensions: Record<string, string>) => {
      const attributable = { customerKey, dimensions, featureKeys: [key] }
      const resolutionOf = await readResolutions(reader, scope, {
        attributables: [attributable],
        heads,
        environmentVersion: await environmentVersion(read, scope),
        now: world.clock.now(),
      })
      return (resolutionOf(attributable)?.paths ?? []).map((path) => path[0]?.entityId)
    }
    assert.deepEqual(await pathsOf(read, { userId: 'bob' }), ['bob'])
    const changing = interrupted(at, () => attribute(tenant, ['agentId']))
    const dimensions = { userId: 'ann', agentId: 'bob' }
    const paths = await pathsOf(changing, dimensions)
    assert.ok(['ann', 'bob'].includes(paths.join()), `attributed to ${JSON.stringify(paths)}`)
    assert.deepEqual(await pathsOf(read, dimensions), ['bob'])
  })
