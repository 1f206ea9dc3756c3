import { randomUUID } from 'node:crypto'
import type { ConsumeRequestBody, Consumption, EntitlementChainNode } from '../../../api.gen.ts'
import type { Answer, Api } from '../../api.ts'
import { CommandError } from '../../command.ts'
import type { Drawn } from './draw-requests.ts'
import type { Fate } from './tally.ts'

/** Who consumes what. */
export type Consumer = { customerId: string; featureId: string }

/** What became of a request; the reason unless it was granted or denied by a budget. */
export type ConsumeResult = {
  fate: Fate
  reason: string | null
  chains: readonly (readonly EntitlementChainNode[])[]
}

/** Consumes once, under a key of its own. A server that does not answer is an outcome, too. */
export async function consumeOne(
  api: Api,
  { customerId, featureId }: Consumer,
  drawn: Drawn,
): Promise<ConsumeResult> {
  const path = `/api/v1/customers/${encodeURIComponent(customerId)}/consume`
  const body: ConsumeRequestBody = { featureId, ...drawn, idempotencyKey: randomUUID() }
  try {
    return consumedOf(await api.send('POST', path, body))
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    return { fate: 'failed', reason: error.message, chains: [] }
  }
}

export function consumedOf({ status, body }: Answer): ConsumeResult {
  if (status >= 300)
    return { fate: 'failed', reason: `${status}: ${body.message ?? 'no reason given'}`, chains: [] }
  const { isGranted, accessDeniedReason, chains = [] } = body.data as Consumption
  if (isGranted) return { fate: 'granted', reason: null, chains }
  const reason = accessDeniedReason === 'BudgetExceeded' ? null : `denied: ${accessDeniedReason}`
  return { fate: 'denied', reason, chains }
}
