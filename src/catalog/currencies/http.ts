import type { CustomCurrencyUpdateRequestBody } from '../../api.gen.ts'
import { pageRequest, pageToWire } from '../../kernel/page.ts'
import { none } from '../../kernel/patch.ts'
import type { Handlers } from '../../operation.ts'
import type { CatalogUse } from '../catalog-use.ts'
import * as currencies from './commands.ts'
import * as queries from './queries.ts'
import type { CurrencyInput } from './types.ts'
import { currencyToWire } from './wire.ts'

/** The fields that creation and update share. */
const currencyFromWire = (wire: CustomCurrencyUpdateRequestBody): CurrencyInput => ({
  displayName: wire.displayName,
  description: none(wire.description),
  symbol: none(wire.symbol),
  units: wire.units,
  metadata: wire.metadata,
})

type Currencies =
  | 'v1.credits.customCurrencies.create'
  | 'v1.credits.customCurrencies.update'
  | 'v1.credits.customCurrencies.list'
  | 'v1.credits.customCurrencies.archive'
  | 'v1.credits.customCurrencies.unarchive'
  | 'v1.credits.customCurrencies.listAssociatedEntities'

/** The handlers of the operations on custom currencies. */
export const currencyHandlers = (use: CatalogUse): Handlers<Currencies> => ({
  'v1.credits.customCurrencies.create': async ({ body }, call) => {
    const input = { ...currencyFromWire(body), displayName: body.displayName }
    return { data: currencyToWire(await currencies.createCurrency(call, body.id, input)) }
  },
  'v1.credits.customCurrencies.update': async ({ params, body }, call) => {
    const input = currencyFromWire(body)
    return { data: currencyToWire(await currencies.updateCurrency(call, params.currencyId, input)) }
  },
  'v1.credits.customCurrencies.list': async ({ query }, call) => {
    const statuses = query.status ?? ['ACTIVE']
    const page = await queries.listCurrencies(call, {
      active: statuses.includes('ACTIVE'),
      archived: statuses.includes('ARCHIVED'),
      page: pageRequest(query),
    })
    return pageToWire(page, currencyToWire)
  },
  'v1.credits.customCurrencies.archive': async ({ params }, call) => ({
    data: currencyToWire(await currencies.archiveCurrency(call, params.currencyId, use)),
  }),
  'v1.credits.customCurrencies.unarchive': async ({ params }, call) => ({
    data: currencyToWire(await currencies.unarchiveCurrency(call, params.currencyId)),
  }),
  'v1.credits.customCurrencies.listAssociatedEntities': async ({ params }, call) => ({
    data: await queries.listAssociatedEntities(call, params.currencyId, use),
  }),
})
