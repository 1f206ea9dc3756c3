import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openWorld, type Tenant } from '../support/world.ts'
import { calls, operationIds } from './calls.ts'
import { furnish, furnishIn } from './furnish.ts'
import { portrait } from './portrait.ts'

const world = await openWorld()

/** What every request or environment has of its own. */
const OWN = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?<="traceId":")\w+/g
const seen = async (tenant: Tenant): Promise<unknown> =>
  JSON.parse((await portrait(tenant)).replaceAll(OWN, 'own'))

test('a copy of an environment shows what one that was made by calls shows', async () => {
  const made = await world.tenant()
  await furnish(made, 'mark')
  const copies = [await furnishIn(world, 'mark'), await furnishIn(world, 'mark')]
  const expected = await seen(made)
  for (const copy of copies) assert.deepEqual(await seen(copy), expected)
})

test('a change of a copy changes no other one', async () => {
  const [changed, untouched] = [await furnishIn(world, 'mark'), await furnishIn(world, 'mark')]
  const before = await portrait(untouched)
  const atFirst = await seen(untouched)
  for (const id of operationIds) await changed.call(id, calls[id]('changed'))
  assert.equal(await portrait(untouched), before)
  assert.notDeepEqual(await seen(changed), atFirst)
})
