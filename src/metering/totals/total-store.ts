import { column, type Reader, readValue, sql } from '../../db/index.ts'
import { type Instant, instantToWire } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { UsageQuery } from '../types.ts'

/**
 * Returns whether any usage of a customer's feature occurred at `since` or later, for any resource.
 */
export const isCountedSince = (
  reader: Reader,
  { customerKey, featureKey }: Pick<UsageQuery, 'featureKey'> & { customerKey: Uuid },
  since: Instant,
): Promise<boolean> =>
  readValue(
    reader,
    column.boolean,
    sql`
    select exists (
      select from usage_totals
      where customer_key = ${customerKey}::uuid and feature_key = ${featureKey}::uuid
        and window_end = 'infinity' and window_start = '-infinity'
        and last_at >= ${instantToWire(since)}::timestamptz)`,
  )
