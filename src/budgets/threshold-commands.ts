import type { Tx } from '../db/index.ts'
import { lockTypes } from '../entities/index.ts'
import { publish } from '../events/index.ts'
import { refuseOutdated } from '../kernel/etag.ts'
import type { Call } from '../operation.ts'
import type { Threshold } from './cross-thresholds.ts'
import { readThresholds, saveThresholds } from './threshold-store.ts'
import { thresholdsToWire } from './wire.ts'

/**
 * Returns the percentages at which events about the environment's budgets are published. None by
 * default.
 */
export const retrieveThresholds = ({ app, scope }: Call): Promise<Threshold[]> =>
  readThresholds(app.db.read, scope)

/** Replaces the thresholds. Returns them ascending, without duplicates. */
export async function updateThresholds(
  call: Call,
  wanted: readonly Threshold[],
): Promise<Threshold[]> {
  const { app, scope } = call
  const thresholds = [...new Set(wanted)].sort((one, other) => (one < other ? -1 : 1))
  const work = async (tx: Tx) => {
    await lockTypes(tx, scope)
    const before = await readThresholds(tx, scope)
    refuseOutdated(call, () => thresholdsToWire(before))
    if (before.join() === thresholds.join()) return thresholds
    const announcement = {
      type: 'threshold_config.updated' as const,
      customerKey: null,
      objectId: 'threshold-config',
      before: thresholdsToWire(before),
      after: thresholdsToWire(thresholds),
    }
    await Promise.all([
      saveThresholds(tx, scope, thresholds),
      publish(tx, { ...call, now: app.clock.now() }, [announcement]),
    ])
    return thresholds
  }
  return app.db.transaction(work)
}
