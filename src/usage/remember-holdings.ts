import type { Reader } from '../db/index.ts'
import { required } from '../kernel/assert.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Scope } from '../kernel/scope.ts'
import type { Head } from '../metering/index.ts'
import type { Holder, Holdings, ReadHoldings } from './holdings.ts'
import { createMemory } from './memory.ts'

/** Holders that are remembered, a few kilobytes each. */
const REMEMBERED = 20_000

export type HoldingsOf = (customerKey: Uuid, resourceKey: Uuid) => Holdings

const nameOf = ({ customerKey, resourceKey }: Holder): string => `${customerKey} ${resourceKey}`

export type RecallHoldings = (
  reader: Reader,
  scope: Scope,
  asked: { holders: readonly Holder[]; heads: ReadonlyMap<Uuid, Head>; now: Instant },
) => Promise<HoldingsOf>

/** Reads what holders hold, and remembers it until the version of their customer is another one. */
export function rememberHoldings(read: ReadHoldings): RecallHoldings {
  const remembered = createMemory<{ version: number; holdings: Holdings }>(REMEMBERED)
  return async (reader, scope, asked) => {
    const found = new Map<string, Holdings>()
    const unknown = new Map<string, Holder & { version: number }>()
    for (const holder of asked.holders) {
      const name = nameOf(holder)
      const { version } = required(asked.heads.get(holder.customerKey), 'the head of a customer')
      const before = remembered.get(name)
      if (before?.version === version) found.set(name, before.holdings)
      else unknown.set(name, { ...holder, version })
    }
    if (unknown.size > 0) {
      const holders = [...unknown.values()]
      const answers = await read(reader, scope, holders, asked.now)
      holders.forEach((holder, index) => {
        const holdings = required(answers[index], 'what a holder holds')
        found.set(nameOf(holder), holdings)
        remembered.set(nameOf(holder), { version: holder.version, holdings })
      })
    }
    return (customerKey, resourceKey) =>
      required(found.get(nameOf({ customerKey, resourceKey })), 'what a holder holds')
  }
}
