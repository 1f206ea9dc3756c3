import type { CustomCurrencyUnits } from '../../api.gen.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Metadata, MetadataPatch } from '../../kernel/metadata.ts'

/** A currency of credits. Currencies cannot be converted into each other or into money. */
export type Currency = {
  key: Uuid
  id: string
  displayName: string
  description: string | null
  symbol: string | null
  units: CustomCurrencyUnits | null
  metadata: Metadata
  createdAt: Instant
  updatedAt: Instant
  archivedAt: Instant | null
}

/** Fields of a currency in a request. Absent fields are kept, null clears, metadata is merged. */
export type CurrencyInput = {
  displayName?: string | undefined
  description?: string | null | undefined
  symbol?: string | null | undefined
  units?: CustomCurrencyUnits | undefined
  metadata?: MetadataPatch | null | undefined
}
