import type { SearchHit } from '../api.gen.ts'
import type { Uuid } from '../kernel/ids.ts'

/** An object that a search may show. */
export type Candidate = Omit<SearchHit, 'match'> & { key: Uuid }

export type Hit = Candidate & Pick<SearchHit, 'match'>
