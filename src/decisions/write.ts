import type { App } from '../app.ts'
import { readUnattributedOf, type UnresolvedKeyCount } from '../budgets/index.ts'
import { findCustomerKeys } from '../customers/index.ts'
import type { Reader } from '../db/index.ts'
import { schedulePurge } from '../jobs/index.ts'
import type { Uuid } from '../kernel/ids.ts'
import { createPause } from '../kernel/in-slices.ts'
import { quantityToWire } from '../kernel/quantity.ts'
import type { Scope } from '../kernel/scope.ts'
import type { MinuteOf } from './count-minutes.ts'
import { countRepeated, type NewDecision, saveDecisions } from './decision-store.ts'
import { saveMinutes } from './minute-store.ts'
import type { QueueEntry } from './queue-denials.ts'
import { decisionPurge } from './trim.ts'
import type { DeniedRequest } from './types.ts'

/** Larger requests and explanations are stored as null, so that pages and the table stay small. */
const MAX_REQUEST_BYTES = 16_384
const MAX_EXPLANATION_BYTES = 65_536

/** Explains denials and writes them in sets. */
export async function writeDenials(app: App, entries: readonly QueueEntry[]): Promise<void> {
  const customers = await findCustomers(app, entries)
  const fresh = await describeAll(app, entries, customers)
  const repeated = entries
    .filter(({ denial }) => denial === null)
    .map((entry) => ({ ...entry, customerKey: customers(entry) }))
  await app.db.transaction(async (tx) => {
    await saveDecisions(tx, null, fresh.toSorted(byMergeKey))
    await countRepeated(tx, null, repeated.toSorted(byMergeKey))
    for (const scope of scopesOf(entries)) await schedulePurge(tx, app, decisionPurge, scope)
  })
}

/** Writes the counts of minutes of one server. */
export const writeMinutes = (
  app: App,
  serverKey: Uuid,
  minutes: readonly MinuteOf[],
): Promise<void> =>
  app.db.transaction(async (tx) => {
    await saveMinutes(tx, serverKey, minutes.toSorted(byEnvironment))
    const scopes = minutes.map(({ environmentKey }) => ({ scope: { environmentKey } }))
    for (const scope of scopesOf(scopes)) await schedulePurge(tx, app, decisionPurge, scope)
  })

/** Two servers that write the same rows lock them in the same order. */
const byMergeKey = (one: { mergeKey: Uuid }, other: { mergeKey: Uuid }): number =>
  one.mergeKey < other.mergeKey ? -1 : 1

const byEnvironment = (one: MinuteOf, other: MinuteOf): number =>
  one.environmentKey < other.environmentKey ? -1 : 1

/** In the order of the keys. */
const scopesOf = (entries: readonly { scope: Scope }[]): Scope[] =>
  [...new Set(entries.map(({ scope }) => scope.environmentKey))]
    .toSorted()
    .map((environmentKey) => ({ environmentKey }))

/**
 * Returns a function for the key of an entry's customer. For an unknown customer, it returns the
 * key of the environment.
 */
async function findCustomers(
  { db }: App,
  entries: readonly QueueEntry[],
): Promise<(entry: QueueEntry) => Uuid> {
  const found = new Map<Uuid, ReadonlyMap<string, Uuid>>()
  for (const scope of scopesOf(entries)) {
    const own = entries.filter((entry) => entry.scope.environmentKey === scope.environmentKey)
    const ids = [...new Set(own.map(({ customerId }) => customerId))]
    found.set(scope.environmentKey, await findCustomerKeys(db.read, scope, ids))
  }
  return ({ scope: { environmentKey }, customerId }) =>
    found.get(environmentKey)?.get(customerId) ?? environmentKey
}

/** Computes the explanations in time slices. */
async function describeAll(
  { db, ids }: App,
  entries: readonly QueueEntry[],
  customers: (entry: QueueEntry) => Uuid,
): Promise<NewDecision[]> {
  const described: NewDecision[] = []
  const pause = createPause()
  const unattributed = await unattributedOf(db.read, [...new Set(entries.map(customers))])
  for (const entry of entries) {
    const { denial } = entry
    if (denial === null) continue
    const customerKey = customers(entry)
    const { request, entityIds, budgetKeys, explain } = denial.describe()
    const explanation = explain(unattributed.get(customerKey) ?? [])
    described.push({
      ...{ ...entry, denial, customerKey, key: ids.next(entry.at), entityIds, budgetKeys },
      request: bounded(requestToWire(request), MAX_REQUEST_BYTES),
      explanation: bounded(explanation, MAX_EXPLANATION_BYTES),
    })
    await pause()
  }
  return described
}

async function unattributedOf(
  reader: Reader,
  customerKeys: readonly Uuid[],
): Promise<ReadonlyMap<Uuid, readonly UnresolvedKeyCount[]>> {
  const found = await readUnattributedOf(reader, customerKeys)
  return new Map(customerKeys.map((key, index) => [key, found[index] ?? []]))
}

const requestToWire = ({ usage, values, dimensions }: DeniedRequest) => ({
  requestedUsage: usage === null ? null : quantityToWire(usage),
  requestedValues: values,
  dimensions,
})

function bounded(value: object, most: number): string | null {
  const text = JSON.stringify(value)
  return Buffer.byteLength(text) > most ? null : text
}
