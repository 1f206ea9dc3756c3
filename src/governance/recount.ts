import type { Reader, Tx } from '../db/index.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Scope } from '../kernel/scope.ts'
import { findCadenceChanges } from './assignment-store.ts'
import { type Carry, carryOf } from './count.ts'
import { type Difference, differingCounters, rewriteCounters } from './counter-store.ts'

/**
 * The counters of a customer that are not what its records make of them, at most `limit`. Reads all
 * of its records.
 */
export const findDifferences = async (
  reader: Reader,
  customerKey: Uuid,
  limit: number,
): Promise<Difference[]> =>
  differingCounters(reader, customerKey, { carries: await carries(reader, customerKey), limit })

/**
 * Makes all counters of a customer out of its records. The customer's head must be locked: what is
 * posted meanwhile would be lost.
 */
export const recountCounters = async (
  tx: Tx,
  owner: { scope: Scope; customerKey: Uuid },
): Promise<void> => rewriteCounters(tx, owner, await carries(tx, owner.customerKey))

const carries = async (reader: Reader, customerKey: Uuid): Promise<Carry[]> =>
  (await findCadenceChanges(reader, customerKey)).map((change) => carryOf(change, change.since))
