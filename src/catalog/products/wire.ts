import type { Product as WireProduct } from '../../api.gen.ts'
import { instantToWire } from '../../kernel/clock.ts'
import type { Product } from './types.ts'

export const productToWire = ({ settings, ...product }: Product): WireProduct => ({
  id: product.id,
  displayName: product.displayName,
  description: product.description,
  multipleSubscriptions: product.multipleSubscriptions,
  status: product.archivedAt === null ? 'PUBLISHED' : 'ARCHIVED',
  productSettings: {
    subscriptionStartSetup: settings.startSetup,
    subscriptionStartPlanId: settings.startPlan?.id ?? null,
    subscriptionEndSetup: settings.endSetup,
    downgradePlanId: settings.downgradePlan?.id ?? null,
    subscriptionCancellationTime: settings.cancellationTime,
    prorateAtEndOfBillingPeriod: settings.proratesAtEnd,
  },
  usageResetCutoffRule: { behavior: product.usageResetCutoff },
  metadata: { ...product.metadata },
  createdAt: instantToWire(product.createdAt),
  updatedAt: instantToWire(product.updatedAt),
})
