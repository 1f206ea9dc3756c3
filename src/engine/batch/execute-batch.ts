import { transformUnits } from '../../catalog/features/index.ts'
import { required } from '../../kernel/assert.ts'
import type { Instant } from '../../kernel/clock.ts'
import { ApiError } from '../../kernel/errors.ts'
import { instantOfKey, type Uuid } from '../../kernel/ids.ts'
import { isSameWindow, LIFETIME } from '../../kernel/period.ts'
import {
  type ConsumptionAnswer,
  type ConsumptionDenial,
  decideConsumption,
  denied,
  type ValidatedConsumption,
} from '../consume/index.ts'
import {
  applyReservationStep,
  type ReservationAnswer,
  type ValidatedReservationStep,
} from '../reservations/index.ts'
import {
  commitSavepoint,
  countPrepared,
  type State,
  savepoint,
  usageShown,
} from '../state/index.ts'
import type { ReportResult, ValidatedRecord } from '../types.ts'
import type { Outcome } from './batch-queue.ts'

/** The records of a request, and whether it asks what they come to. */
export type ValidatedRecords = {
  kind: 'records'
  records: readonly ValidatedRecord[]
  asksUsage: boolean
}
export type ValidatedRequest =
  | ValidatedRecords
  | ValidatedConsumption
  | ConsumptionDenial
  | ValidatedReservationStep

export type BatchAnswer =
  | { kind: 'records'; reported: readonly ReportResult[] }
  | { kind: 'use'; used: ConsumptionAnswer }
  | { kind: 'settling'; settled: ReservationAnswer }

type NextKey = (now: Instant) => Uuid

/**
 * Decides the requests of a group one after the other, each with what those before it have left. A
 * request that is refused leaves nothing behind, and no other is any the worse for it.
 */
export const executeBatch = (
  state: State,
  requests: readonly (ValidatedRequest | ApiError)[],
  nextKey: NextKey,
): Outcome<BatchAnswer>[] =>
  requests.map((request) => {
    if (request instanceof ApiError) return { refusal: request }
    const draft = savepoint(state)
    try {
      const answer = decideOne(draft, request, nextKey)
      commitSavepoint(draft, state)
      return { answer }
    } catch (error) {
      if (error instanceof ApiError) return { refusal: error }
      throw error
    }
  })

function decideOne(draft: State, request: ValidatedRequest, nextKey: NextKey): BatchAnswer {
  switch (request.kind) {
    case 'records':
      return { kind: 'records', reported: countAll(draft, request, nextKey) }
    case 'denial':
      return { kind: 'use', used: denied(request) }
    case 'use': {
      const key = () => nextKey(request.record.acceptedAt)
      return { kind: 'use', used: decideConsumption(draft, request, key) }
    }
    case 'settling': {
      const key = () => nextKey(request.record.acceptedAt)
      return { kind: 'settling', settled: applyReservationStep(draft, request, key) }
    }
  }
}

/** Answers what each record came to, right after it, if that is asked for. */
const countAll = (
  draft: State,
  { records, asksUsage }: ValidatedRecords,
  nextKey: NextKey,
): ReportResult[] =>
  records.flatMap((prepared) => {
    const key = () => nextKey(prepared.acceptedAt)
    const { eventKey, occurredAt } = countPrepared(draft, prepared, key)
    return asksUsage ? [{ eventKey, occurredAt, ...usageAfter(draft, prepared, eventKey) }] : []
  })

function usageAfter(draft: State, prepared: ValidatedRecord, eventKey: Uuid) {
  const counting = required(prepared.counting[0], 'the feature of a report')
  const { feature, window } = counting
  const units = transformUnits(usageShown(draft, prepared, counting), feature.unitTransformation)
  return {
    acceptedAt: instantOfKey(eventKey),
    currentUsage: units < 0n ? 0n : units,
    period: isSameWindow(window, LIFETIME) ? null : window,
  }
}
