import assert from 'node:assert/strict'
import type { EntityTreeRow } from '../../src/api.gen.ts'
import { params, row } from './budgets.ts'
import type { officeIn } from './office.ts'

type Query = Record<string, string>

/** How a test reads the entity tree of an office. */
export function treesIn({ current, furnished, upsert }: ReturnType<typeof officeIn>) {
  const tree = async (query: Query = {}) =>
    (await current().tenant.ok('v1.customers.retrieveEntityTree', { params, query })).data
  const names = async (query: Query = {}) =>
    (await tree(query)).rows.map(({ entityId }) => entityId)
  const path = async (entityId: string, query: Query = {}) => {
    const { data } = await current().tenant.ok('v1.customers.entities.retrievePath', {
      params: { ...params, entityId },
      query,
    })
    return data.nodes
  }
  const refused = (query: Query, message: RegExp) =>
    current().tenant.refused(
      'v1.customers.retrieveEntityTree',
      { params, query },
      { status: 400, code: 'BadUserInput', message },
    )
  /**
   * Makes budgets of tokens without a limit, unless `limits` has one: acme over eng and ops; ann
   * and bob in eng, b_x in ops. gpt stays a root without a budget.
   */
  const office = async (limits: Readonly<Record<string, number>> = {}): Promise<void> => {
    await furnished()
    const of = (entityId: string, parentId?: string) =>
      row(entityId, { usageLimit: limits[entityId] ?? null, ...(parentId && { parentId }) })
    await upsert(of('acme'), of('eng', 'acme'), of('ops', 'acme'), of('ann', 'eng'))
    await upsert(of('bob', 'eng'), of('b_x', 'ops'))
  }
  return { tree, names, path, refused, office }
}

export function firstOf({ rows }: { rows: EntityTreeRow[] }): EntityTreeRow {
  const [found] = rows
  assert.ok(found)
  return found
}
