import { randomUUID } from 'node:crypto'
import type { ConsumeRequestBody, Consumption, EntitlementChainNode } from '../../../api.gen.ts'
import type { Api, ApiResponse } from '../../api.ts'
import { CommandError } from '../../command.ts'
import type { RandomRequest } from './draw-requests.ts'
import type { Fate } from './tally.ts'

/** The customer and feature of all requests. */
export type Consumer = { customerId: string; featureId: string }

/** The result of a request. The reason is null if it was granted, or denied by a budget. */
export type ConsumeResult = {
  fate: Fate
  reason: string | null
  chains: readonly (readonly EntitlementChainNode[])[]
}

/** Consumes once, with a new idempotency key. Returns `failed` if the server does not respond. */
export async function consumeOne(
  api: Api,
  { customerId, featureId }: Consumer,
  request: RandomRequest,
): Promise<ConsumeResult> {
  const path = `/api/v1/customers/${encodeURIComponent(customerId)}/consume`
  const body: ConsumeRequestBody = { featureId, ...request, idempotencyKey: randomUUID() }
  try {
    return resultOf(await api.send('POST', path, body))
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    return { fate: 'failed', reason: error.message, chains: [] }
  }
}

export function resultOf({ status, body }: ApiResponse): ConsumeResult {
  if (status >= 300)
    return { fate: 'failed', reason: `${status}: ${body.message ?? 'no reason given'}`, chains: [] }
  const { isGranted, accessDeniedReason, chains = [] } = body.data as Consumption
  if (isGranted) return { fate: 'granted', reason: null, chains }
  const reason = accessDeniedReason === 'BudgetExceeded' ? null : `denied: ${accessDeniedReason}`
  return { fate: 'denied', reason, chains }
}
