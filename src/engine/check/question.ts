import type { Request } from '../../entitlements/index.ts'

/** Names of dimensions with their values, in their order. */
export type Dimensions = readonly (readonly [name: string, value: string])[]

export type CapabilityId = { kind: 'feature' | 'currency'; id: string }

/** What a check asks. */
export type Question = {
  customerId: string
  resourceId: string | null
  capability: CapabilityId
  request: Request
  /** null: none were sent, and budgets are not asked. */
  dimensions: Dimensions | null
}
