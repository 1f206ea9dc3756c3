import type { SearchHitKind } from '../api.gen.ts'
import { currenciesBeginning } from '../catalog/currencies/index.ts'
import { featuresBeginning } from '../catalog/features/index.ts'
import { packagesBeginning } from '../catalog/packages/index.ts'
import { productsBeginning } from '../catalog/products/index.ts'
import { customersBeginning, requireCustomer } from '../customers/index.ts'
import { BEGINNING_LENGTH, type Reader, type SearchText } from '../db/index.ts'
import { entitiesBeginning, entitiesContaining, typesBeginning } from '../entities/index.ts'
import { badInput } from '../kernel/errors.ts'
import { inQuery } from '../kernel/field.ts'
import { foldCase } from '../kernel/fold-case.ts'
import type { Scope } from '../kernel/scope.ts'
import type { Call } from '../operation.ts'
import { rankHits } from './rank-hits.ts'
import type { Candidate, Hit } from './types.ts'

export type SearchQuery = {
  text: string
  kinds: readonly SearchHitKind[]
  /** Only entities of this customer. */
  customerId: string | null
  limit: number
}

/** What a caller needs to see each kind. */
const PERMISSIONS = {
  CUSTOMER: 'customers:read',
  ENTITY: 'entities:read',
  FEATURE: 'features:read',
  PRODUCT: 'products:read',
  PLAN: 'plans:read',
  ADDON: 'addons:read',
  CURRENCY: 'customCurrencies:read',
  ENTITY_TYPE: 'entityTypes:read',
} as const

/**
 * Returns the objects that fit a text best, of those kinds that the caller may read. 400 for a text
 * of white space; 404 `CustomerNotFound`.
 */
export async function search(call: Call, query: SearchQuery): Promise<Hit[]> {
  const { app, scope, permits = () => true } = call
  const text = foldCase(query.text).replaceAll(/\s+/g, ' ').trim().slice(0, BEGINNING_LENGTH)
  if (text === '') throw badInput(inQuery('q'), 'query: q must not be empty')
  const kinds = query.kinds.filter((kind) => permits(PERMISSIONS[kind]))
  const sought = { text, limit: query.limit }
  const reader = app.db.read
  if (query.customerId !== null) {
    const customerKey = await requireCustomer(
      reader,
      scope,
      query.customerId,
      inQuery('customerId'),
    )
    if (!kinds.includes('ENTITY')) return []
    const found = await entitiesContaining(reader, customerKey, sought)
    return rankHits(found.map(candidate('ENTITY')), text, query.limit)
  }
  const found = await Promise.all(kinds.map((kind) => SEARCHES[kind](reader, scope, sought)))
  return rankHits(found.flat(), text, query.limit)
}

type Search = (reader: Reader, scope: Scope, sought: SearchText) => Promise<Candidate[]>

/** Rows of some kinds have more fields of a candidate. */
type CandidateRow = Pick<Candidate, 'key' | 'id' | 'displayName' | 'isArchived'>

const NOTHING_ELSE = { email: null, customerId: null, entityTypeId: null }

const candidate =
  (kind: SearchHitKind) =>
  (found: CandidateRow): Candidate => ({ kind, ...NOTHING_ELSE, ...found })

const searchFor =
  (kind: SearchHitKind, search: (...of: Parameters<Search>) => Promise<CandidateRow[]>): Search =>
  async (...of) =>
    (await search(...of)).map(candidate(kind))

const packagesOf =
  (type: keyof typeof packagesBeginning) =>
  async (...of: Parameters<Search>): Promise<CandidateRow[]> => {
    const { byId, byName } = packagesBeginning[type]
    return (await Promise.all([byId(...of), byName(...of)])).flat()
  }

const SEARCHES: Readonly<Record<SearchHitKind, Search>> = {
  CUSTOMER: searchFor('CUSTOMER', customersBeginning),
  ENTITY: searchFor('ENTITY', entitiesBeginning),
  FEATURE: searchFor('FEATURE', featuresBeginning),
  PRODUCT: searchFor('PRODUCT', productsBeginning),
  PLAN: searchFor('PLAN', packagesOf('Plan')),
  ADDON: searchFor('ADDON', packagesOf('Addon')),
  CURRENCY: searchFor('CURRENCY', currenciesBeginning),
  ENTITY_TYPE: searchFor('ENTITY_TYPE', typesBeginning),
}
