import type { SearchHitKind, SearchMatch } from '../api.gen.ts'
import { foldCase } from '../kernel/fold-case.ts'
import type { Candidate, Hit } from './types.ts'

/** The order of equal matches. */
export const KINDS = [
  ...(['CUSTOMER', 'ENTITY', 'FEATURE', 'PRODUCT', 'PLAN', 'ADDON'] as const),
  ...(['CURRENCY', 'ENTITY_TYPE'] as const),
] as const
const MATCHES = ['EXACT', 'PREFIX', 'WORD', 'PART'] as const

/** Returns the best `limit` candidates, each once. `text` is folded. */
export function rankHits(candidates: readonly Candidate[], text: string, limit: number): Hit[] {
  const byKey = new Map(candidates.map((each) => [each.key, each]))
  return [...byKey.values()]
    .map((each) => ({ ...each, match: matchOf(each, text) }))
    .toSorted((one, other) => compare(rankOf(one), rankOf(other)))
    .slice(0, limit)
}

function matchOf({ id, displayName, email }: Candidate, text: string): SearchMatch {
  const texts = [id, displayName ?? '', email ?? ''].map(foldCase)
  if (texts.includes(text)) return 'EXACT'
  if (texts.some((each) => each.startsWith(text))) return 'PREFIX'
  return texts.some((each) => each.includes(` ${text}`)) ? 'WORD' : 'PART'
}

type Rank = readonly (number | string)[]

const rankOf = ({ match, kind, isArchived, displayName, id }: Hit): Rank => [
  MATCHES.indexOf(match),
  KINDS.indexOf(kind satisfies SearchHitKind),
  Number(isArchived),
  foldCase(displayName ?? id),
  id,
]

function compare(one: Rank, other: Rank): number {
  for (const [index, part] of one.entries()) {
    const against = other[index] ?? part
    if (part !== against) return part < against ? -1 : 1
  }
  return 0
}
