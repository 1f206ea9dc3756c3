import type {
  ConsumeRequestBody,
  Consumption,
  ReservationCreateRequestBody,
} from '../contract.gen.ts'
import { featureEntitlementToWire } from '../entitlements/index.ts'
import { chainNodeToWire } from '../governance/index.ts'
import { instantFromWire } from '../kernel/clock.ts'
import { badInput } from '../kernel/errors.ts'
import { amountFromWire, type Quantity } from '../kernel/quantity.ts'
import type { UseAnswer } from './decide-use.ts'
import type { Purpose, UseInput } from './types.ts'
import { dimensionsOfRecord } from './wire.ts'

type UseRequest = ConsumeRequestBody | ReservationCreateRequestBody

/** 400 as `useAmountFromWire`, and for dimensions that are too large. */
export const useFromWire = (
  wire: UseRequest,
  of: { customerId: string; featureId: string; purpose: Purpose },
): UseInput => ({
  ...of,
  resourceId: wire.resourceId ?? null,
  amount: useAmountFromWire(wire),
  idempotencyKey: wire.idempotencyKey,
  statedAt: wire.timestamp === undefined ? null : instantFromWire(wire.timestamp),
  ...dimensionsOfRecord(wire, 'dimensions'),
  asksBudgets: wire.dimensions !== undefined,
})

/** Rounded, see `amountFromWire`. 400 for one that is too large, and for one that rounds to 0. */
export function useAmountFromWire(wire: { amount: number }): Quantity {
  const amount = amountFromWire(wire.amount, 'amount')
  if (amount === 0n) throw badInput('amount: rounded to 10 decimals it is 0')
  return amount
}

/** The decision, with usage as it is after it, or as of now where it is repeated. */
export function useToWire(used: UseAnswer): Consumption {
  const { isGranted, accessDeniedReason, recorded, isRepeated, evaluated, chains } = used
  const { rule } = evaluated.decision
  const decision = { isGranted, accessDeniedReason, rule }
  return {
    ...featureEntitlementToWire({ ...evaluated, decision }),
    ...(chains === null ? {} : { chains: chains.map((chain) => chain.map(chainNodeToWire)) }),
    recorded,
    replayed: isRepeated,
  }
}
