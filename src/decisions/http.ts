import type { Operations, Decision as WireDecision } from '../api.gen.ts'
import { instantToWire } from '../kernel/clock.ts'
import { createdRange } from '../kernel/created-range.ts'
import { instantOfKey } from '../kernel/ids.ts'
import { pageRequest, pageToWire } from '../kernel/page.ts'
import type { Handlers } from '../operation.ts'
import type { DecisionFilter } from './decision-store.ts'
import { decisionKey, listDenials, retrieveDenial } from './queries.ts'
import type { DecisionRecorder } from './recorder.ts'
import type { StoredDecision } from './types.ts'

type DecisionReads = 'v1.decisions.list' | 'v1.decisions.retrieve'

export const decisionHandlers = (recorder: DecisionRecorder): Handlers<DecisionReads> => ({
  'v1.decisions.list': async ({ query }, call) => {
    const page = await listDenials(call, recorder, filterFromWire(query))
    return pageToWire(page, decisionToWire)
  },
  'v1.decisions.retrieve': async ({ params }, call) => {
    const key = decisionKey(params.decisionId)
    const { decision, explanation } = await retrieveDenial(call, recorder, key)
    return { data: { ...decisionToWire(decision), explanation } }
  },
})

const filterFromWire = (query: Operations['v1.decisions.list']['query']): DecisionFilter => ({
  customerId: query.customerId ?? null,
  entityId: query.entityId ?? null,
  featureId: query.featureId ?? null,
  currencyId: query.currencyId ?? null,
  budgetKey: query.budgetId?.toLowerCase() ?? null,
  kinds: query.kind ?? null,
  reasons: query.reason ?? null,
  decided: createdRange(query.decidedAt),
  page: pageRequest(query),
})

const decisionToWire = (decision: StoredDecision): WireDecision => ({
  id: decision.key,
  kind: decision.kind,
  isGranted: false,
  accessDeniedReason: decision.reason,
  customerId: decision.customerId,
  resourceId: decision.resourceId,
  featureId: decision.capability.kind === 'feature' ? decision.capability.id : null,
  currencyId: decision.capability.kind === 'currency' ? decision.capability.id : null,
  entityId: decision.entityId,
  entityIds: [...decision.entityIds],
  budgetIds: [...decision.budgetKeys],
  request: decision.request,
  count: decision.count,
  decidedAt: instantToWire(instantOfKey(decision.key)),
  lastAt: instantToWire(decision.lastAt),
  actor: { ...decision.actor },
  traceId: decision.traceId,
})
