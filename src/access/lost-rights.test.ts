import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accessCalls, furnishAccess } from '../../test/api/access-calls.ts'
import { ACCEPTS_PERSONS, addMember, personOf } from '../../test/support/persons.ts'
import { untilWaiting } from '../../test/support/until-waiting.ts'
import { openWorld } from '../../test/support/world.ts'
import { sql } from '../db/index.ts'

const world = await openWorld(ACCEPTS_PERSONS)
const { app } = world.bursar

/** The operations that give or take rights. */
const GIVING = [
  'v1.apiKeys.create',
  'v1.apiKeys.rotate',
  'v1.apiKeys.revoke',
  'v1.signInCodes.create',
  'v1.members.upsert',
  'v1.members.remove',
] as const

for (const id of GIVING)
  test(`${id}: rights that end while the request waits do not count any more`, async () => {
    const tenant = await world.tenant()
    await furnishAccess(tenant, 'mark')
    const { environmentKey } = tenant.scope
    const userId = `bob of ${tenant.id}`
    const environments = { [tenant.id]: 'ADMIN' } as const
    await addMember(app, tenant, { userId, environments })
    const bob = await personOf(userId, { 'x-environment-id': tenant.id })
    const look = async () => [
      (await tenant.ok('v1.members.list')).data.filter((each) => each.userId !== userId),
      (await tenant.ok('v1.apiKeys.list')).data.map(({ lastUsedAt: _, ...key }) => key),
    ]
    const before = await look()
    const answer = await app.db.transaction(async (tx) => {
      await tx.execute(sql`
        select from environments join accounts using (account_key)
        where environment_key = ${environmentKey}::uuid for no key update`)
      const waiting = tenant.call(id, { ...accessCalls[id]('mark'), ...bob })
      await untilWaiting(app.db.read, 1)
      await tx.execute(sql`
        update environment_roles set role = 'VIEWER'
        where environment_key = ${environmentKey}::uuid and user_id = ${userId}::text`)
      return { waiting }
    })
    const { status, refusal } = await answer.waiting
    assert.deepEqual([status, refusal?.code], [403, 'IdentityForbidden'])
    assert.deepEqual(await look(), before)
  })
