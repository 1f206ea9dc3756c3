import type { CustomerRetrieveGovernanceResponse } from '../../../api.gen.ts'
import type { Api } from '../../api.ts'
import { CommandError } from '../../command.ts'
import type { Consumer } from './consume-one.ts'
import type { Budget } from './watch-budgets.ts'

/** The current window of a budget, or null if it is unknown. */
export type Window = { usagePeriodStart: string; usagePeriodEnd: string } | null

/** Reads the window from the server, because the client does not know its anchor. */
export async function windowOf(
  api: Api,
  { customerId, featureId }: Consumer,
  { entityId, scopeEntityIds }: Budget,
): Promise<Window> {
  const path = `/api/v1/customers/${encodeURIComponent(customerId)}/governance`
  const query = new URLSearchParams({
    featureIds: featureId,
    entityIdSearch: entityId,
    sortBy: 'id',
    limit: '100',
  })
  const scope = [...scopeEntityIds].sort().join()
  try {
    const { body } = await api.succeed('GET', `${path}?${query}`)
    const rows = body.data as CustomerRetrieveGovernanceResponse['data']
    const row = rows.find(
      (each) => each.entityId === entityId && [...each.scopeEntityIds].sort().join() === scope,
    )
    const { usagePeriodStart: start = null, usagePeriodEnd: end = null } = row ?? {}
    return start === null || end === null ? null : { usagePeriodStart: start, usagePeriodEnd: end }
  } catch (error) {
    if (error instanceof CommandError) return null
    throw error
  }
}
