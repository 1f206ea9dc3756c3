import type { OperationId } from '../../src/api.gen.ts'
import type { Request } from './contract-client.ts'
import type { Tenant } from './world.ts'

/** Asserts that each call refuses an unknown id with a 404, and an invalid one with a 400. */
export async function assertIdsRefused(
  tenant: Tenant,
  calls: { readonly [Id in OperationId]?: Request },
  { params, code, field }: { params: (id: string) => Request; code: string; field: RegExp },
): Promise<void> {
  for (const [operation, request] of Object.entries(calls) as [OperationId, Request][]) {
    await tenant.refused(
      operation,
      { ...params('nope'), ...request },
      { status: 404, code, message: /nope/ },
    )
    await tenant.refused(
      operation,
      { ...params('a@b'), ...request },
      { status: 400, code: 'BadUserInput', message: field },
    )
  }
}
