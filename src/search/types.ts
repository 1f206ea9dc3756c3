import type { SearchHitKind, SearchMatch } from '../api.gen.ts'
import type { Uuid } from '../kernel/ids.ts'

/** An object that a search may show. */
export type Candidate = {
  kind: SearchHitKind
  key: Uuid
  id: string
  displayName: string | null
  email: string | null
  /** Of an entity. */
  customerId: string | null
  entityTypeId: string | null
  isArchived: boolean
}

export type Hit = Candidate & { match: SearchMatch }
