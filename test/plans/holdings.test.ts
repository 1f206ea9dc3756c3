import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findGiven } from '../../src/catalog/packages/entitlements/index.ts'
import { findCustomerKey } from '../../src/customers/index.ts'
import { column, type Reader, row, sql } from '../../src/db/index.ts'
import { required } from '../../src/kernel/assert.ts'
import { entitlements } from '../../src/sources.ts'
import { loadLinesAt } from '../../src/subscriptions/lines-at-store.ts'
import { leaveUnanalysed, readsAtMost } from '../support/plans.ts'
import { openSale } from '../support/sale.ts'
import { openWorldApart } from '../support/world.ts'

const MANY = 5000
/** The maximum number of rows that a statement may read of each table. */
const MOST = 30
const TABLES = [
  ...['subscription_lines', 'subscriptions', 'subscription_revisions'],
  ...['packages', 'package_versions', 'package_entitlements', 'features'],
]

const world = await openWorldApart()
const { app } = world.bursar
await leaveUnanalysed(app)
const tenant = await world.tenant()
const sale = await openSale(tenant)
await sale.addon('more', { seats: { usageLimit: 1 } })
await sale.plan('pro', { seats: { usageLimit: 10 }, sso: {} })
await sale.customer('acme')
await sale.provision('acme', 'pro', { addons: [{ id: 'more', quantity: 2 }] })
const customerKey = required(await findCustomerKey(app.db.read, tenant.scope, 'acme'), 'acme')
await surround()
const at = world.clock.now()

/** Adds subscriptions that have ended and states that are over, and customers and packages. */
async function surround(): Promise<void> {
  const numbers = sql`generate_series(1, ${MANY}::integer) as n`
  const ended = sql`timestamptz '2001-01-01Z' + n * interval '1 hour'`
  const revision = (spans: {
    number: ReturnType<typeof sql>
    since: ReturnType<typeof sql>
    until: ReturnType<typeof sql>
    closedAt: ReturnType<typeof sql>
    key: ReturnType<typeof sql>
  }) => sql`
    insert into subscription_revisions
    select (jsonb_populate_record(r, jsonb_build_object('revision', ${spans.number},
      'subscription_key', ${spans.key}, 'since', ${spans.since}, 'until', ${spans.until},
      'closed_at', ${spans.closedAt}, 'status',
      case when ${spans.closedAt} is null then r.status else 'CANCELED' end))).*
    from subscription_revisions r, ${numbers}
    where r.customer_key = ${customerKey}::uuid and r.revision = 0 and r.until is null`
  const keyOf = sql`('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid`
  await app.db.transaction(async (tx) => {
    await tx.execute(
      revision({
        ...{ number: sql`n`, key: sql`r.subscription_key`, since: ended },
        ...{ until: sql`${ended} + interval '1 hour'`, closedAt: sql`null::timestamptz` },
      }),
    )
    await tx.execute(sql`
      insert into subscriptions
      select (jsonb_populate_record(s,
        jsonb_build_object('subscription_key', ${keyOf}, 'id', 'ended-' || n))).*
      from subscriptions s, ${numbers} where s.customer_key = ${customerKey}::uuid`)
    await tx.execute(
      revision({
        ...{ number: sql`0`, key: keyOf, since: ended, until: sql`null::timestamptz` },
        closedAt: ended,
      }),
    )
    await tx.execute(sql`
      insert into packages
      select (jsonb_populate_record(p,
        jsonb_build_object('package_key', gen_random_uuid(), 'id', 'copy-' || n))).*
      from packages p, ${numbers} where p.id = 'pro'`)
    await tx.execute(sql`
      insert into package_versions
      select (jsonb_populate_record(v, jsonb_build_object('package_key', p.package_key,
        'version_key', gen_random_uuid()))).*
      from packages p, package_versions v
      where p.id like 'copy-%'
        and v.package_key = (select package_key from packages where id = 'pro')`)
    await tx.execute(sql`
      insert into package_entitlements
      select (jsonb_populate_record(e, jsonb_build_object('package_key', p.package_key,
        'entitlement_key', gen_random_uuid()))).*
      from packages p, package_entitlements e
      where p.id like 'copy-%'
        and e.package_key = (select package_key from packages where id = 'pro')`)
  })
}

const featureRow = row({ key: column.from('feature_key', column.uuid) })
const { key: featureKey } = await app.db.read.one(
  featureRow,
  sql`select feature_key from features where id = 'seats'`,
)
const [holding] = await entitlements.readHoldings(app.db.read, [{ customerKey, at }])
assert.equal(holding?.subscriptions.length, 1)
const pins = holding.subscriptions.flatMap(({ plans, addons }) => [
  ...plans,
  ...addons.map(({ pin }) => pin),
])

const STATEMENTS: Record<string, (reader: Reader) => Promise<unknown>> = {
  'what a customer holds': (reader) => loadLinesAt(reader, [{ customerKey, at }]),
  'what a customer held a moment ago': (reader) =>
    loadLinesAt(reader, [{ customerKey, at: at - 1 }]),
  'what versions give of a feature': (reader) =>
    findGiven(
      reader,
      pins.map((pin) => ({ ...pin, featureKey })),
    ),
  'the features of a customer': (reader) =>
    entitlements.readEntitledFeatures(
      reader,
      { customerKey, resourceKey: null },
      { now: at, holding },
    ),
}
for (const load of ['right after a load', 'analysed']) {
  if (load === 'analysed')
    test('the tables are analysed', async () => {
      await app.db.withClient((client) => client.query('analyze'))
    })
  for (const [name, call] of Object.entries(STATEMENTS))
    test(`${name} is read without what is over and what is of others, ${load}`, () =>
      readsAtMost({ app, tables: TABLES }, MOST, call))
}
