import type {
  ConsumeRequestBody,
  Consumption,
  ReservationCreateRequestBody,
} from '../../api.gen.ts'
import { chainNodeToWire } from '../../budgets/index.ts'
import { featureEntitlementToWire } from '../../entitlements/index.ts'
import { type Instant, instantFromWire } from '../../kernel/clock.ts'
import { badInput } from '../../kernel/errors.ts'
import { amountFromWire, type Quantity } from '../../kernel/quantity.ts'
import { type DecisionAnswer, refuseBeyond } from '../consume/index.ts'
import type { ConsumeMode, ConsumptionInput } from '../types.ts'
import { dimensionsOfRecord } from './records-wire.ts'

type UseRequest = ConsumeRequestBody | ReservationCreateRequestBody

/** 400 as `useAmountFromWire`, and for dimensions that are too large. `now`: when it came. */
export function useFromWire(
  wire: UseRequest,
  of: { customerId: string; featureId: string; purpose: ConsumeMode; now: Instant },
): ConsumptionInput {
  const { now, ...use } = of
  const statedAt = wire.timestamp === undefined ? null : instantFromWire(wire.timestamp)
  return {
    ...use,
    resourceId: wire.resourceId ?? null,
    amount: useAmountFromWire(wire),
    idempotencyKey: wire.idempotencyKey,
    statedAt,
    beyond: use.purpose.kind === 'record' ? null : beyondOf(statedAt, now),
    ...dimensionsOfRecord(wire, 'dimensions'),
    asksBudgets: wire.dimensions !== undefined,
  }
}

/**
 * How far from now something may be that is yet to be allowed, in milliseconds: a client may wait
 * for its turn, and its clock may run fast. Else the windows of a whole year, or those of the next
 * hour, could be used up in one moment.
 */
const DECIDED_WITHIN_MS = 5 * 60_000

function beyondOf(statedAt: Instant | null, now: Instant): ConsumptionInput['beyond'] {
  if (statedAt === null || Math.abs(statedAt - now) <= DECIDED_WITHIN_MS) return null
  return statedAt < now ? 'past' : 'future'
}

/** 400 `InvalidArgumentError` for a use of credits that is too far from now to be decided. */
export function refuseBeyondFromWire({ timestamp }: Pick<UseRequest, 'timestamp'>, now: Instant) {
  if (timestamp !== undefined) refuseBeyond(beyondOf(instantFromWire(timestamp), now))
}

/** Rounded, see `amountFromWire`. 400 for one that is too large, and for one that rounds to 0. */
export function useAmountFromWire(wire: { amount: number }): Quantity {
  const amount = amountFromWire(wire.amount, 'amount')
  if (amount === 0n) throw badInput('amount: rounded to 10 decimals it is 0')
  return amount
}

/**
 * The decision, with usage as it is after it, or as of now where it is repeated; and until when a
 * check would be answered alike, if nobody does anything.
 */
export function decisionToWire(decided: DecisionAnswer, validUntil: Instant | null): Consumption {
  const { isGranted, accessDeniedReason, recorded, isRepeated, evaluated } = decided
  const { chains, unresolved } = decided
  const { rule } = evaluated.decision
  const decision = { isGranted, accessDeniedReason, rule }
  return {
    ...featureEntitlementToWire({ ...evaluated, decision, validUntil }),
    ...(chains === null ? {} : { chains: chains.map((chain) => chain.map(chainNodeToWire)) }),
    ...(unresolved === null ? {} : { unresolved: [...unresolved] }),
    recorded,
    replayed: isRepeated,
  }
}
