import { type EntitlementReads, entitlementReads } from './entitlements/index.ts'
import { promotionalSource } from './promotional/index.ts'
import { readHoldings } from './subscriptions/index.ts'

/** Entitlements out of everything that can grant a feature. A module that grants is listed here. */
export const entitlements: EntitlementReads = entitlementReads([promotionalSource], readHoldings)
