import assert from 'node:assert/strict'
import { test } from 'node:test'
import { catalogVersion, renewCatalogVersion } from '../../src/catalog/catalog-store.ts'
import {
  environmentVersion,
  renewEnvironmentVersion,
  renewVersion,
  requireCustomer,
} from '../../src/customers/index.ts'
import { column, type Reader, row, type Sql, sql, type Tx } from '../../src/db/index.ts'
import type { Uuid } from '../../src/kernel/ids.ts'
import type { Scope } from '../../src/kernel/scope.ts'
import { openWorld } from '../support/world.ts'

const world = await openWorld()
const { app } = world.bursar

type Owner = { scope: Scope; customerKey: Uuid }

const versionRow = row({ version: column.uuid })

/** Data with a version, and how servers of this release read and change it. */
const VERSIONED: Record<
  string,
  {
    read(reader: Reader, owner: Owner): Promise<Uuid>
    change(tx: Tx, owner: Owner): Promise<unknown>
    /** Changes the data as the previous release does. */
    count(owner: Owner): Sql
    /** The version that the previous release reads. */
    counted(owner: Owner): Sql
  }
> = {
  customers: {
    read: async (reader, { customerKey }) =>
      (
        await reader.one(
          versionRow,
          sql`
          select structure_version as version from customer_heads
          where customer_key = ${customerKey}::uuid`,
        )
      ).version,
    change: (tx, { scope, customerKey }) =>
      renewVersion(tx, { scope, now: app.clock.now() }, [customerKey]),
    count: ({ scope, customerKey }) => sql`
      insert into customer_heads as head (customer_key, environment_key, version, decided_at)
      values (${customerKey}::uuid, ${scope.environmentKey}::uuid, 1, '-infinity')
      on conflict (customer_key) do update set version = head.version + 1`,
    counted: ({ customerKey }) =>
      sql`select version from customer_heads where customer_key = ${customerKey}::uuid`,
  },
  environments: {
    read: (reader, { scope }) => environmentVersion(reader, scope),
    change: (tx, { scope }) => renewEnvironmentVersion(tx, scope),
    count: ({ scope }) => sql`
      insert into environment_heads as head (environment_key, version)
      values (${scope.environmentKey}::uuid, 1)
      on conflict (environment_key) do update set version = head.version + 1`,
    counted: ({ scope }) => sql`
      select version from environment_heads where environment_key = ${scope.environmentKey}::uuid`,
  },
  catalogs: {
    read: (reader, { scope }) => catalogVersion(reader, scope),
    change: (tx, { scope }) => renewCatalogVersion(tx, scope),
    count: ({ scope }) => sql`
      insert into catalog_versions (environment_key, version)
      values (${scope.environmentKey}::uuid, 1)
      on conflict (environment_key) do update set version = catalog_versions.version + 1`,
    counted: ({ scope }) => sql`
      select version from catalog_versions where environment_key = ${scope.environmentKey}::uuid`,
  },
}

async function openOwner(): Promise<Owner> {
  const { scope, ok } = await world.tenant()
  await ok('v1.customers.provision', { body: { id: 'acme' } })
  return { scope, customerKey: await requireCustomer(app.db.read, scope, 'acme') }
}

class Undone extends Error {}

/** Returns the result of the work. All its writes are rolled back afterwards. */
async function undone<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
  const answers: T[] = []
  const all = app.db.transaction(async (tx) => {
    answers.push(await work(tx))
    throw new Undone()
  })
  await assert.rejects(all, Undone)
  return answers[0] as T
}

for (const [name, { read, change, count, counted }] of Object.entries(VERSIONED)) {
  const changed = async (tx: Tx, owner: Owner) => {
    await change(tx, owner)
    return read(tx, owner)
  }

  test(`a lost version of ${name} is never used again`, async () => {
    const owner = await openOwner()
    const versions = [
      await undone((tx) => changed(tx, owner)),
      await app.db.transaction((tx) => changed(tx, owner)),
      await undone((tx) => changed(tx, owner)),
      await app.db.transaction((tx) => changed(tx, owner)),
    ]
    assert.equal(new Set(versions).size, versions.length)
  })

  test(`this version and the previous version of the server see each change of ${name} by the other`, async () => {
    const owner = await openOwner()
    const numberRow = row({ version: column.integer })
    const number = async () => (await app.db.read.one(numberRow, counted(owner))).version
    const by = {
      before: () => app.db.transaction((tx) => tx.execute(count(owner))),
      now: () => app.db.transaction((tx) => change(tx, owner)),
    }
    await by.before()
    const seen = [{ version: await read(app.db.read, owner), number: await number() }]
    for (const who of ['before', 'now', 'now', 'before'] as const) {
      await by[who]()
      seen.push({ version: await read(app.db.read, owner), number: await number() })
    }
    assert.deepEqual(
      seen.map(({ number }) => number),
      [1, 2, 3, 4, 5],
    )
    assert.equal(new Set(seen.map(({ version }) => version)).size, 5)
  })
}
