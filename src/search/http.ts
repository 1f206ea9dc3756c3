import type { SearchHit } from '../api.gen.ts'
import type { Handlers } from '../operation.ts'
import { search } from './queries.ts'
import { KINDS } from './rank-hits.ts'
import type { Hit } from './types.ts'

export const searchHandlers: Handlers<'v1.search'> = {
  'v1.search': async ({ query }, call) => {
    const { q, kinds = KINDS, customerId = null, limit } = query
    return { data: (await search(call, { text: q, kinds, customerId, limit })).map(hitToWire) }
  },
}

const hitToWire = ({ key: _, ...hit }: Hit): SearchHit => hit
