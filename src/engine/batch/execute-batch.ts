import { transformUnits } from '../../catalog/features/index.ts'
import { required } from '../../kernel/assert.ts'
import type { Instant } from '../../kernel/clock.ts'
import { Refusal } from '../../kernel/errors.ts'
import { instantOfKey, type Uuid } from '../../kernel/ids.ts'
import { isSameWindow, LIFETIME } from '../../kernel/period.ts'
import {
  type DeniedUse,
  decideUse,
  denied,
  type PreparedUse,
  type UseAnswer,
} from '../consume/index.ts'
import { type PreparedSettling, type SettlingAnswer, settle } from '../reservations/index.ts'
import { countPrepared, draftOf, keepDraft, type State, usageShown } from '../state/index.ts'
import type { Prepared, Reported } from '../types.ts'
import type { Outcome } from './batch-queue.ts'

/** The records of a request, and whether it asks what they come to. */
export type PreparedRecords = {
  kind: 'records'
  records: readonly Prepared[]
  asksUsage: boolean
}
export type PreparedRequest = PreparedRecords | PreparedUse | DeniedUse | PreparedSettling

export type GroupAnswer =
  | { kind: 'records'; reported: readonly Reported[] }
  | { kind: 'use'; used: UseAnswer }
  | { kind: 'settling'; settled: SettlingAnswer }

type NextKey = (now: Instant) => Uuid

/**
 * Decides the requests of a group one after the other, each with what those before it have left. A
 * request that is refused leaves nothing behind, and no other is any the worse for it.
 */
export const decideGroup = (
  state: State,
  requests: readonly (PreparedRequest | Refusal)[],
  nextKey: NextKey,
): Outcome<GroupAnswer>[] =>
  requests.map((request) => {
    if (request instanceof Refusal) return { refusal: request }
    const draft = draftOf(state)
    try {
      const answer = decideOne(draft, request, nextKey)
      keepDraft(draft, state)
      return { answer }
    } catch (error) {
      if (error instanceof Refusal) return { refusal: error }
      throw error
    }
  })

function decideOne(draft: State, request: PreparedRequest, nextKey: NextKey): GroupAnswer {
  switch (request.kind) {
    case 'records':
      return { kind: 'records', reported: countAll(draft, request, nextKey) }
    case 'denial':
      return { kind: 'use', used: denied(request) }
    case 'use': {
      const key = () => nextKey(request.record.acceptedAt)
      return { kind: 'use', used: decideUse(draft, request, key) }
    }
    case 'settling': {
      const key = () => nextKey(request.record.acceptedAt)
      return { kind: 'settling', settled: settle(draft, request, key) }
    }
  }
}

/** Answers what each record came to, right after it, if that is asked for. */
const countAll = (
  draft: State,
  { records, asksUsage }: PreparedRecords,
  nextKey: NextKey,
): Reported[] =>
  records.flatMap((prepared) => {
    const key = () => nextKey(prepared.acceptedAt)
    const { eventKey, occurredAt } = countPrepared(draft, prepared, key)
    return asksUsage ? [{ eventKey, occurredAt, ...usageAfter(draft, prepared, eventKey) }] : []
  })

function usageAfter(draft: State, prepared: Prepared, eventKey: Uuid) {
  const counting = required(prepared.counting[0], 'the feature of a report')
  const { feature, window } = counting
  const units = transformUnits(usageShown(draft, prepared, counting), feature.unitTransformation)
  return {
    acceptedAt: instantOfKey(eventKey),
    currentUsage: units < 0n ? 0n : units,
    period: isSameWindow(window, LIFETIME) ? null : window,
  }
}
