import type { Reader } from '../db/index.ts'
import type { Uuid } from '../kernel/ids.ts'
import { deriveSources } from './derive-sources.ts'
import { type GivenQuery, nameOfGiven, type ReadGiven } from './given.ts'
import { countingFor, type Holding, pinsOf } from './holding.ts'
import type { Source } from './types.ts'

/** A feature of a customer or of one of its resources, and what the customer holds. */
export type HeldFeature = { holding: Holding; featureKey: Uuid; resourceKey: Uuid | null }

/**
 * Returns the sources of features that come from subscriptions, in the order of `wanted`. Each
 * feature of a version is read once, even if many customers have it.
 */
export async function readHeldSources(
  reader: Reader,
  wanted: readonly HeldFeature[],
  read: ReadGiven,
): Promise<Source[][]> {
  const queries = new Map<string, GivenQuery>()
  for (const held of wanted)
    for (const query of queriesOf(held)) queries.set(nameOfGiven(query), query)
  const found = queries.size === 0 ? [] : await read(reader, [...queries.values()])
  const given = new Map([...queries.keys()].map((name, index) => [name, found[index] ?? null]))
  return wanted.map(({ holding, ...of }) =>
    deriveSources(holding, of, (query) => given.get(nameOfGiven(query)) ?? null),
  )
}

const queriesOf = ({ holding, featureKey, resourceKey }: HeldFeature): GivenQuery[] =>
  countingFor(holding, resourceKey).flatMap((subscription) =>
    pinsOf(subscription).map((pin) => ({ pin, featureKey })),
  )
