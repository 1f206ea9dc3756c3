import type { Reset, UnknownDimensions } from './model/state.ts'
import type { BudgetInput } from './model/structure.ts'
import type { Dimensions } from './model/tree.ts'

/**
 * One step of a history, as plain data. Its ids are fixed and its times are relative to the clock.
 * So it means the same if earlier steps are left out.
 */
export type Move =
  | { kind: 'wait'; ms: number }
  | { kind: 'wait until'; unit: Unit; ms: number }
  | { kind: 'choose'; unknownDimensions: UnknownDimensions }
  | { kind: 'keys'; typeId: string; keys: string[] }
  | { kind: 'entity'; customerId: string; id: string; entityTypeId: string | null }
  | { kind: 'archive'; customerId: string; ids: string[]; to: boolean }
  | { kind: 'archive customer'; customerId: string; to: boolean }
  | { kind: 'budgets'; customerId: string; rows: BudgetInput[] }
  | ({ kind: 'grant'; customerId: string; featureId: string } & GrantMove)
  | { kind: 'revoke'; customerId: string; featureId: string }
  | { kind: 'meter'; isEuropean: boolean }
  | { kind: 'usage'; usages: UsageMove[] }
  | { kind: 'events'; events: EventMove[] }
  | ({ kind: 'consume'; isForced: boolean } & UseMove)
  | ({ kind: 'reserve'; ttlSeconds: number | null } & UseMove)
  | { kind: 'commit'; which: number; share: number; overage: Overage | null }
  | { kind: 'extend'; which: number; ttlSeconds: number }
  | { kind: 'release'; which: number }
  | { kind: 'look'; which: number }
  | ({
      kind: 'check'
      customerId: string
      capability: string
      requested: number | null
    } & CheckMove)
  | { kind: 'read'; customerId: string }
  | { kind: 'again'; back: number; isRetry: boolean }

export type Unit = 'MINUTE' | 'HOUR' | 'DAY' | 'WEEK' | 'MONTH'
export type Overage = 'reject' | 'allow_if_available' | 'allow_overdraft'
export type GrantMove = {
  limit: number | null
  soft: boolean
  reset: Reset | null
  endsInMs: number | null
}
export type UsageMove = {
  customerId: string
  featureId: string
  value: number
  isSet: boolean
  sinceMs: number | null
  key: string | null
  dimensions: Dimensions | null
}
export type EventMove = {
  customerId: string
  sinceMs: number | null
  key: string
  dimensions: Dimensions
}
export type UseMove = {
  customerId: string
  featureId: string
  amount: number
  key: string
  sinceMs: number | null
  dimensions: Dimensions | null
}
export type CheckMove = { isBeta: boolean; dimensions: Record<string, string> | null }
