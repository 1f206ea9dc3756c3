import type {
  Operations,
  ProductCreateProductRequestBody,
  ProductSettingsInput,
  ProductUpdateProductRequestBody,
} from '../../api.gen.ts'
import { createdRange } from '../../kernel/created-range.ts'
import { pageRequest, pageToWire } from '../../kernel/page.ts'
import { none } from '../../kernel/patch.ts'
import type { Handlers } from '../../operation.ts'
import type { CatalogUse } from '../catalog-use.ts'
import * as products from './commands.ts'
import * as queries from './queries.ts'
import type { ProductFilter } from './store.ts'
import type { Journey, NewProductInput } from './types.ts'
import { productToWire } from './wire.ts'

export const newProductFromWire = (wire: ProductCreateProductRequestBody): NewProductInput => ({
  displayName: wire.displayName,
  description: wire.description || null,
  multipleSubscriptions: wire.multipleSubscriptions ?? false,
  metadata: wire.metadata ?? {},
})

export const settingsFromWire = (wire: ProductSettingsInput): Journey<string> => ({
  startSetup: wire.subscriptionStartSetup,
  startPlan: wire.subscriptionStartPlanId || null,
  endSetup: wire.subscriptionEndSetup,
  downgradePlan: wire.downgradePlanId || null,
  cancellationTime: wire.subscriptionCancellationTime,
  proratesAtEnd: wire.prorateAtEndOfBillingPeriod ?? null,
})

const productFromWire = (wire: ProductUpdateProductRequestBody) => ({
  displayName: wire.displayName,
  description: none(wire.description),
  multipleSubscriptions: wire.multipleSubscriptions,
  settings: wire.productSettings && settingsFromWire(wire.productSettings),
  usageResetCutoff: wire.usageResetCutoffRule?.behavior,
  metadata: wire.metadata,
})

const filterFromWire = (query: Operations['v1.products.listProducts']['query']): ProductFilter => ({
  id: query.id ?? null,
  statuses: query.status ?? null,
  created: createdRange(query.createdAt),
  page: pageRequest(query),
})

type Products =
  | 'v1.products.createProduct'
  | 'v1.products.updateProduct'
  | 'v1.products.listProducts'
  | 'v1.products.archiveProduct'
  | 'v1.products.unarchiveProduct'
  | 'v1.products.duplicateProduct'

/** The handlers of the operations on products. */
export const productHandlers = (use: CatalogUse): Handlers<Products> => ({
  'v1.products.createProduct': async ({ body }, call) => ({
    data: productToWire(await products.createProduct(call, body.id, newProductFromWire(body))),
  }),
  'v1.products.updateProduct': async ({ params, body }, call) => ({
    data: productToWire(
      await products.updateProduct(call, { id: params.id, input: productFromWire(body), use }),
    ),
  }),
  'v1.products.listProducts': async ({ query }, call) =>
    pageToWire(await queries.listProducts(call, filterFromWire(query)), productToWire),
  'v1.products.archiveProduct': async ({ params }, call) => ({
    data: productToWire(await products.archiveProduct(call, params.id, use)),
  }),
  'v1.products.unarchiveProduct': async ({ params }, call) => ({
    data: productToWire(await products.unarchiveProduct(call, params.id)),
  }),
  'v1.products.duplicateProduct': async ({ params, body }, call) => {
    const input = {
      targetId: body.targetId,
      displayName: body.displayName,
      description: none(body.description),
    }
    return { data: productToWire(await products.duplicateProduct(call, params.id, input)) }
  },
})
