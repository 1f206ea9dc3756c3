import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bursar, runCli, urlOf } from '../../test/support/cli-process.ts'
import { testConnection } from '../../test/support/connection.ts'
import { newMigratedDatabase, query } from '../../test/support/databases.ts'
import { openCompany, useCompany } from '../../test/support/metered-company.ts'
import { randomFrom } from '../../test/support/random.ts'
import { openWorld } from '../../test/support/world.ts'
import { type Sql, sql } from '../db/index.ts'

const world = await openWorld()
const { app } = world.bursar
const settings = { DATABASE_URL: urlOf(testConnection()) }
const execute = (statement: Sql) => app.db.transaction((tx) => tx.execute(statement))

/** Creates a company with some usage. Returns it with a function that runs `bursar verify`. */
async function openCompanyWithUsage() {
  const company = await openCompany(world)
  await useCompany(company, world, { random: randomFrom(7, 1), steps: 10 })
  world.clock.moveTo(null)
  const { id } = company.tenant
  const verify = (...args: string[]) => runCli(['verify', '--environment', id, ...args], settings)
  return { ...company, id, verify }
}

test('if everything agrees, verify prints one line of counts and exits with 0', async () => {
  const { tenant, verify } = await openCompanyWithUsage()
  await tenant.ok('v1.customers.provision', { body: { id: 'idle' } })
  const { code, stdout, stderr } = await verify()
  assert.equal(code, 0, stdout)
  assert.match(
    stdout,
    /^2 customers, 4\d records, \d+ keys, \d+ totals, .*: everything agrees\.\n$/,
  )
  assert.match(stderr, /^customers: 2\/2\n$/)
  const one = await verify('--customer', 'idle', '--json')
  assert.equal(one.code, 0)
  const { looked, ...differences } = JSON.parse(one.stdout)
  const counts = Object.entries(looked).map(([name, count]) => `${name} ${count}`)
  const sizes = 'records 0, names 0, totals 0, marks 0, reservations 0, counters 0'
  assert.equal(counts.join(', '), `customers 1, ${sizes}`)
  const none = { count: 0, told: [] }
  assert.deepEqual(differences, { repaired: none, left: none })
})

test('a difference is reported with its ids and exit code 1 until it is repaired', async () => {
  const { id, customerKey, verify, usage, report } = await openCompanyWithUsage()
  await report([{ featureId: 'tokens', value: 5, dimensions: { teamId: 'team' } }])
  const before = await usage('seats')
  await execute(sql`
    update usage_totals set sum = sum + 1.5
    where customer_key = ${customerKey}::uuid and not isfinite(window_end) and feature_key = (
      select feature_key from features
      where id = 'seats' and environment_key = usage_totals.environment_key)`)
  await execute(sql`
    update budget_counters c set usage = 99
    from assignments a join entities e using (customer_key, entity_key)
    where c.customer_key = ${customerKey}::uuid and a.customer_key = c.customer_key
      and a.assignment_key = c.assignment_key and e.id = 'team' and c.revision = 1
      and a.scope_keys = '{}'`)
  const total = `${id} acme: total of seats, all time: sum [-.\\d]+ instead of [-.\\d]+`
  const counter =
    `${id} acme: counter of the budget of team for tokens, revision 1, ` +
    'from [-\\d]+T00:00:00.000Z: usage 99 instead of [-.\\d]+'
  const found = await verify()
  assert.equal(found.code, 1)
  assert.match(found.stdout, new RegExp(`^${total}$`, 'm'))
  assert.match(found.stdout, new RegExp(`^${counter}$`, 'm'))
  assert.match(found.stdout, /: \d differences\.\n$/)
  assert.match(found.stderr, /--repair/)
  const json = await verify('--json')
  assert.equal(json.code, 1)
  const { left } = JSON.parse(json.stdout)
  assert.equal(left.told.length, left.count)
  assert.partialDeepStrictEqual(left.told[0], {
    environmentId: id,
    customerId: 'acme',
    kind: 'total',
    featureId: 'seats',
    resourceId: null,
    windowStart: null,
    windowEnd: null,
  })
  const repaired = await verify('--repair', '--customer', 'acme')
  assert.equal(repaired.code, 0, repaired.stderr)
  assert.match(repaired.stdout, new RegExp(`^repaired: ${total}$`, 'm'))
  assert.match(repaired.stdout, /: \d differences repaired, everything agrees\.\n$/)
  assert.equal(await usage('seats'), before)
  assert.equal((await verify()).code, 0)
})

test('a defect in the records is reported, and --repair leaves it and exits with 1', async () => {
  const { customerKey, verify } = await openCompanyWithUsage()
  await execute(sql`
    update usage_keys set event_key = gen_random_uuid(), kept_until = 'infinity'
    where customer_key = ${customerKey}::uuid`)
  await execute(sql`delete from usage_marks where customer_key = ${customerKey}::uuid`)
  const { code, stdout } = await verify('--repair')
  assert.equal(code, 1)
  assert.match(
    stdout,
    /^repaired: .* acme: marks of users, all time: \d+ missing, 0 without a record$/m,
  )
  assert.match(
    stdout,
    /^env-\S+ acme: key of [-0-9a-f]{36}: there is no such record or reservation$/m,
  )
  assert.match(stdout, /: 1 difference repaired, \d+ left\.\n$/)
})

test('at most a hundred findings are printed, and the others are counted', async () => {
  const { customerKey, verify } = await openCompanyWithUsage()
  await execute(sql`
    insert into usage_keys (customer_key, key_hash, environment_key, event_key, occurred_at,
      kept_until)
    select customer_key, gen_random_uuid(), environment_key, gen_random_uuid(), decided_at,
      'infinity'
    from customer_heads cross join generate_series(1, 250)
    where customer_key = ${customerKey}::uuid`)
  const { code, stdout } = await verify()
  assert.equal(code, 1)
  assert.equal(stdout.match(/no such record or reservation$/gm)?.length, 100)
  assert.match(stdout, /^… and 150 more\n.*: 250 differences\.\n$/m)
})

test('an environment without customers is verified, and a wrong command line is refused', async () => {
  const { id } = await world.tenant()
  assert.match((await bursar('verify', '--environment', id)).stdout, /^0 customers, /)
  const nobody = await runCli(['verify', '--environment', id, '--customer', 'x'], settings)
  assert.deepEqual([nobody.code, nobody.stdout], [1, ''])
  assert.match(nobody.stderr, /customer x not found/)
  const nowhere = await runCli(['verify', '--environment', `${id}x`], settings)
  assert.equal(nowhere.code, 1)
  assert.match(nowhere.stderr, /environment \S+ not found/)
  assert.equal((await runCli(['verify', 'acme'], settings)).code, 2)
})

test('a standby can be verified without a write, but not repaired', async (t) => {
  const connection = await newMigratedDatabase(t)
  const settings = { DATABASE_URL: urlOf(connection) }
  const other = await openWorld({}, { apart: connection })
  const company = await openCompany(other)
  await useCompany(company, other, { random: randomFrom(7, 1), steps: 3 })
  const [row] = await query(connection, 'select current_database() as name')
  await query(connection, `alter database ${row?.name} set default_transaction_read_only = on`)
  const { code, stdout } = await runCli(['verify'], settings)
  assert.equal(code, 0, stdout)
  assert.match(stdout, /^1 customer, .*: everything agrees\.\n$/)
  assert.equal((await runCli(['verify', '--repair'], settings)).code, 1)
})
