import assert from 'node:assert/strict'
import type { OperationId } from '../../src/api.gen.ts'
import type { Tenant } from './world.ts'

export const params = (id: string) => ({ params: { id } })
export const publication = { body: { migrationType: 'NEW_CUSTOMERS' } }
/** A request for a PAID plan or add-on of the product `app`. */
export const newPackage = (id: string, body: object = {}) => ({
  body: { id, productId: 'app', displayName: id, pricingType: 'PAID', ...body },
})

/** A call without a body has null. Calls that create ignore the id. */
export type Refusal = [
  operation: OperationId,
  id: string,
  body: object | null,
  status: 400 | 404 | 409,
  code: string,
]

/** Returns functions that create and change packages in an environment. */
export function packagesIn({ fresh, tenant }: { fresh(): Promise<Tenant>; tenant(): Tenant }) {
  const listAll = async () => [
    await tenant().ok('v1.plans.list', { query: { limit: '100' } }),
    await tenant().ok('v1.addons.list', { query: { limit: '100' } }),
  ]
  return {
    /** Creates an environment with the products `app` and `other`. */
    withProducts: async () => {
      await fresh()
      for (const id of ['app', 'other'])
        await tenant().ok('v1.products.createProduct', { body: { id, displayName: id } })
    },
    createPlan: async (id: string, body: object = {}) =>
      (await tenant().ok('v1.plans.create', newPackage(id, body))).data,
    createAddon: async (id: string, body: object = {}) =>
      (await tenant().ok('v1.addons.create', newPackage(id, body))).data,
    updatePlan: async (id: string, body: object) =>
      (await tenant().ok('v1.plans.update', { ...params(id), body })).data,
    updateAddon: async (id: string, body: object) =>
      (await tenant().ok('v1.addons.update', { ...params(id), body })).data,
    publishPlan: (id: string) => tenant().ok('v1.plans.publish', { ...params(id), ...publication }),
    publishAddon: (id: string) =>
      tenant().ok('v1.addons.publish', { ...params(id), ...publication }),
    getPlan: async (id: string, query: Record<string, string> = {}) =>
      (await tenant().ok('v1.plans.retrieve', { ...params(id), query })).data,
    /** Asserts that each call is refused, and that the lists of packages stay as they are. */
    assertRefused: async (cases: readonly Refusal[]) => {
      const before = await listAll()
      for (const [operation, id, body, status, code] of cases) {
        const inPath = operation.endsWith('.create') ? {} : params(id)
        const request = { ...inPath, ...(body === null ? {} : { body }) }
        await tenant().refused(operation, request, { status, code })
      }
      assert.deepEqual(await listAll(), before)
    },
  }
}
