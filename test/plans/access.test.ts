import { test } from 'node:test'
import { pageOfAccount, pageOfPerson } from '../../src/access/caller-store.ts'
import { pageOfMembers } from '../../src/access/member-store.ts'
import { type Reader, sql } from '../../src/db/index.ts'
import { leaveUnanalysed, readsAtMost } from '../support/plans.ts'
import { openWorldApart } from '../support/world.ts'

/** Members of one account, and of its environments. */
const ROWS = 5_000
const LIMIT = 20
/** A page is read with one row more, and the account is found by the environment of the call. */
const MOST = LIMIT + 2
const world = await openWorldApart()
const { app } = world.bursar

async function large() {
  const tenant = await world.tenant()
  await tenant.ok('v1.members.upsert', { params: { userId: 'ann' }, body: { role: 'VIEWER' } })
  await app.db.transaction(async (tx) => {
    await tx.execute(sql`
      insert into members (account_key, user_id, role, created_at)
      select account_key, 'member-' || n, 'MEMBER', created_at
      from members, generate_series(1, ${ROWS}::integer) n where user_id = 'ann'`)
    await tx.execute(sql`
      insert into environments (environment_key, account_key, id, display_name, type, created_at)
      select gen_random_uuid(), account_key, id || n, 'name', type, created_at
      from environments, generate_series(1, ${ROWS}::integer) n where id = ${tenant.id}::text`)
    // Ann has a role in the first ones, bob in all.
    await tx.execute(sql`
      insert into environment_roles (environment_key, user_id, role)
      select environment_key, 'bob', 'ADMIN' from environments`)
    await tx.execute(sql`
      insert into environment_roles (environment_key, user_id, role)
      select environment_key, 'ann', 'ADMIN' from environments
      order by environment_key limit 50 on conflict do nothing`)
    await tx.execute(sql`
      insert into environment_roles (environment_key, user_id, role)
      select ${tenant.scope.environmentKey}::uuid, user_id, 'VIEWER' from members
      on conflict do nothing`)
  })
  return tenant.scope
}

await leaveUnanalysed(app)
const scope = await large()
await app.db.withClient((client) => client.query('analyze'))
const page = { after: null, before: null, limit: LIMIT }

for (const [what, call] of [
  ['members', (reader: Reader) => pageOfMembers(reader, scope, page)],
  ['the environments of an owner', (reader: Reader) => pageOfAccount(reader, scope, page)],
  [
    'the environments of a member',
    (reader: Reader) => pageOfPerson(reader, { scope, userId: 'ann' }, page),
  ],
] as const)
  test(`a page of ${what} reads only what it shows`, () =>
    readsAtMost({ app, tables: ['members', 'environments', 'environment_roles'] }, MOST, call))
