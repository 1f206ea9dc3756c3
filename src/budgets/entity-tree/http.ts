import type { Operations } from '../../api.gen.ts'
import { instantToWire } from '../../kernel/clock.ts'
import { badInput } from '../../kernel/errors.ts'
import { inQuery } from '../../kernel/field.ts'
import { foldCase } from '../../kernel/fold-case.ts'
import { quantityFromWire } from '../../kernel/quantity.ts'
import type { Handlers } from '../../operation.ts'
import { readEntityTree, readPath } from './queries.ts'
import type { ListSort } from './types.ts'
import { pathNodeToWire, treePartToWire } from './wire.ts'

type PathQuery = Operations['v1.customers.entities.retrievePath']['query']

/** What a reader of an order sees first: the earliest end, the first name, the largest value. */
const FIRST: Readonly<Record<ListSort, 'asc' | 'desc'>> = {
  name: 'asc',
  exhaustsAt: 'asc',
  createdAt: 'desc',
  currentUsage: 'desc',
  utilization: 'desc',
}

const orderFromWire = ({ sortBy, order, includeArchived }: PathQuery) => ({
  sortBy,
  order: order ?? FIRST[sortBy],
  includeArchived,
})

const NO_FILTER = { typeIds: null, search: null, scope: 'all', minUtilization: null } as const

export const entityTreeHandlers: Handlers<
  'v1.customers.retrieveEntityTree' | 'v1.customers.entities.retrievePath'
> = {
  'v1.customers.retrieveEntityTree': async ({ params, query }, call) => {
    const { parentId, flat, at, limit, search, minUtilization } = query
    if (flat && parentId !== undefined)
      throw badInput(inQuery('flat'), 'query: send either parentId or flat')
    const part = await readEntityTree(call, {
      customerId: params.id,
      featureIds: query.featureIds ?? [],
      currencyIds: query.currencyIds ?? [],
      ...(parentId === undefined ? {} : { parentId }),
      isFlat: flat,
      at,
      limit,
      choice: {
        ...orderFromWire(query),
        scope: query.scope,
        typeIds: query.entityTypeIds ?? null,
        search: search === undefined ? null : foldCase(search),
        minUtilization:
          minUtilization === undefined
            ? null
            : quantityFromWire(minUtilization, inQuery('minUtilization')),
      },
    })
    return { data: treePartToWire(part) }
  },
  'v1.customers.entities.retrievePath': async ({ params, query }, call) => {
    const { nodes, asOf } = await readPath(call, {
      customerId: params.id,
      entityId: params.entityId,
      featureIds: query.featureIds ?? [],
      currencyIds: query.currencyIds ?? [],
      choice: { ...orderFromWire(query), ...NO_FILTER },
    })
    return { data: { nodes: nodes.map(pathNodeToWire), asOf: instantToWire(asOf) } }
  },
}
