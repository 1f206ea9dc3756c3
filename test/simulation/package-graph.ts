import assert from 'node:assert/strict'
import type { OperationId } from '../../src/api.gen.ts'
import { required } from '../../src/kernel/assert.ts'
import type { Tenant, World } from '../support/world.ts'

type PackageRow = {
  package_key: string
  product_key: string
  type: 'Plan' | 'Addon'
  id: string
  latest_version: number | null
  draft_version: number | null
  archived_at: string | null
}

type VersionRow = {
  package_key: string
  version: number
  parent_key: string | null
  compatible_addon_keys: string[] | null
  dependency_keys: string[]
  published_at: string | null
  listed_type: string | null
  /** What the version gives, in the order of keys. */
  entitlements: object[]
}

/** Everything that an environment has of products and packages, as the database has it. */
export type Graph = {
  packages: PackageRow[]
  versions: VersionRow[]
  products: {
    product_key: string
    start_plan_key: string | null
    downgrade_plan_key: string | null
  }[]
  archivals: { package_key: string; archived_at: string; unarchived_at: string | null }[]
  features: object[]
  events: number
}

/** Returns the products and packages of an environment, with all versions. */
export async function readGraph({ bursar }: World, { scope }: Tenant): Promise<Graph> {
  const rows = (table: string, order: string, more = '') =>
    `(select coalesce(json_agg(to_jsonb(t) ${more} order by ${order}), '[]')
      from ${table} as t where environment_key = $1)`
  const entitlements = `|| jsonb_build_object('entitlements', (
    select coalesce(jsonb_agg(to_jsonb(e) order by e.entitlement_key), '[]')
    from package_entitlements as e
    where e.package_key = t.package_key and e.version = t.version))`
  const { rows: found } = await bursar.app.db.withClient((client) =>
    client.query<{ graph: string }>(
      `select json_build_object(
        'packages', ${rows('packages', 'package_key')},
        'versions', ${rows('package_versions', 'package_key, version', entitlements)},
        'products', ${rows('products', 'product_key')},
        'archivals', ${rows('package_archivals', 'package_key, number')},
        'features', ${rows('features', 'feature_key')},
        'events', (select count(*) from outbox where environment_key = $1))::text as graph`,
      [scope.environmentKey],
    ),
  )
  return JSON.parse(required(found[0], 'a graph').graph) as Graph
}

type StepMade = { operation: OperationId; step: string }

/** Asserts what must hold after every step, and between the states before and after it. */
export function assertSound(before: Graph, after: Graph, { operation, step }: StepMade): void {
  assertKept(before, after, step)
  assertNumbered(before, after, { operation, step })
  assertLinked(after, step)
  for (const links of [parentsIn(after), dependenciesIn(after)]) assertNoCycle(links, step)
  const open = after.archivals.filter((each) => each.unarchived_at === null)
  assert.deepEqual(
    open.map((each) => [each.package_key, each.archived_at]).toSorted(),
    after.packages
      .filter((each) => each.archived_at !== null)
      .map((each) => [each.package_key, each.archived_at])
      .toSorted(),
    step,
  )
}

const versionsOf = (graph: Graph, { package_key }: PackageRow): VersionRow[] =>
  graph.versions.filter((each) => each.package_key === package_key)

/** The content of a version, without what changes when it is archived or superseded. */
const contentOf = (version: VersionRow): object => ({
  ...version,
  updated_at: null,
  listed_type: null,
})

/** What was published is still there, unchanged. */
function assertKept(before: Graph, after: Graph, step: string): void {
  const kept = new Map(after.versions.map((each) => [`${each.package_key} ${each.version}`, each]))
  for (const version of before.versions.filter((each) => each.published_at !== null)) {
    const now = required(kept.get(`${version.package_key} ${version.version}`), step)
    assert.deepEqual(contentOf(now), contentOf(version), step)
  }
}

/** Versions are numbered from 1, without gaps. Only a publication or a copy adds one. */
function assertNumbered(before: Graph, after: Graph, { operation, step }: StepMade): void {
  const latestBefore = new Map(before.packages.map((each) => [each.package_key, each]))
  for (const each of after.packages) {
    const versions = versionsOf(after, each)
    assert.deepEqual(
      versions.map(({ version }) => version),
      versions.map((_, index) => index + 1),
      step,
    )
    const published = versions.filter(({ published_at }) => published_at !== null)
    assert.equal(published.length, each.latest_version ?? 0, step)
    const drafts = versions.filter(({ published_at }) => published_at === null)
    assert.deepEqual(
      drafts.map(({ version }) => version),
      each.draft_version === null ? [] : [each.draft_version],
      step,
    )
    for (const { version, listed_type } of versions) {
      const isCurrent = version === each.latest_version || version === each.draft_version
      assert.equal(listed_type, isCurrent ? each.type : null, step)
    }
    const was = latestBefore.get(each.package_key)
    const rise = (each.latest_version ?? 0) - (was?.latest_version ?? 0)
    const isPublication = operation.endsWith('.publish') || operation.endsWith('.duplicateProduct')
    assert.ok(rise === 0 || (rise === 1 && isPublication), step)
  }
}

/** Everything that is named exists, in the same product, and is not in a worse state. */
function assertLinked(graph: Graph, step: string): void {
  const packages = new Map(graph.packages.map((each) => [each.package_key, each]))
  for (const owner of graph.packages)
    for (const version of versionsOf(graph, owner)) {
      const parents = version.parent_key === null ? [] : [version.parent_key]
      const addons = [...(version.compatible_addon_keys ?? []), ...version.dependency_keys]
      const isCurrent = version.listed_type !== null && owner.archived_at === null
      for (const [type, keys] of [
        ['Plan', parents],
        ['Addon', addons],
      ] as const)
        for (const key of keys) {
          const named = required(packages.get(key), step)
          assert.deepEqual([named.type, named.product_key], [type, owner.product_key], step)
          if (version.published_at !== null) assert.notEqual(named.latest_version, null, step)
          if (isCurrent) assert.equal(named.archived_at, null, step)
        }
    }
  for (const { product_key, start_plan_key, downgrade_plan_key } of graph.products)
    for (const key of [start_plan_key, downgrade_plan_key])
      if (key !== null) assert.equal(packages.get(key)?.product_key, product_key, step)
}

type Links = Map<string, string[]>

/** Whom each package names in its draft or its latest version. */
function linksBy(graph: Graph, named: (version: VersionRow) => string[]): Links {
  const links: Links = new Map()
  for (const version of graph.versions.filter(({ listed_type }) => listed_type !== null))
    links.set(version.package_key, [...(links.get(version.package_key) ?? []), ...named(version)])
  return links
}

const parentsIn = (graph: Graph): Links =>
  linksBy(graph, ({ parent_key }) => (parent_key === null ? [] : [parent_key]))
const dependenciesIn = (graph: Graph): Links =>
  linksBy(graph, ({ dependency_keys }) => dependency_keys)

/** Takes away what names nothing that is left. What remains is on a cycle, or leads to one. */
function assertNoCycle(links: Links, step: string): void {
  const left = new Map(links)
  for (let size = -1; size !== left.size; ) {
    size = left.size
    for (const [key, named] of left) if (!named.some((each) => left.has(each))) left.delete(key)
  }
  assert.deepEqual([...left.keys()], [], step)
}
