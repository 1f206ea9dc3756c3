import type { EntitlementSource } from './entitlements/index.ts'
import { promotionalSources } from './promotional/index.ts'

/** All that can grant a feature to a customer. A module that grants adds its loader here. */
export const sources: readonly EntitlementSource[] = [promotionalSources]
