import type { Catalog, CatalogApplyRequestBody } from '../../src/api.gen.ts'
import type { Tenant, World } from './world.ts'

/** Returns functions that apply and read the catalog of an environment as one document. */
export function catalogCalls(world: World) {
  const apply = async (tenant: Tenant, body: CatalogApplyRequestBody) =>
    (await tenant.ok('v1.catalog.apply', { body })).data
  return {
    apply,
    retrieve: async (tenant: Tenant) => (await tenant.ok('v1.catalog.retrieve')).data,
    /** Returns a new environment with a catalog. */
    filled: async (catalog: Catalog) => {
      const tenant = await world.tenant()
      await apply(tenant, { catalog })
      return tenant
    },
  }
}
