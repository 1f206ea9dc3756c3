import type { Request } from '../../entitlements/index.ts'
import type { Field } from '../../kernel/field.ts'

/** Dimensions, sorted by name. */
export type Dimensions = readonly (readonly [name: string, value: string])[]

export type CapabilityId = { kind: 'feature' | 'currency'; id: string; field: Field }

/** The question of a check. */
export type Question = {
  customerId: string
  resourceId: string | null
  capability: CapabilityId
  request: Request
  /** null: none were sent, so budgets do not matter. */
  dimensions: Dimensions | null
}
