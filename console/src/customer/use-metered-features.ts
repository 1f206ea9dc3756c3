import type { Feature } from '../../../src/api.gen.ts'
import { EVERY, useRead } from '../api/use-read.ts'

const MOST = 100

/**
 * Features whose usage is counted, so that there are series and budgets of them. Undefined while
 * they are read.
 */
export function useMeteredFeatures(): Feature[] | undefined {
  const reading = useRead(
    'v1.features.listFeatures',
    {
      query: {
        limit: MOST,
        meterType: ['INCREMENTAL', 'FLUCTUATING'],
        status: ['NEW', 'ACTIVE'],
      },
    },
    { everyMs: EVERY.total },
  )
  return reading.data?.data ?? (reading.error === null ? undefined : [])
}
