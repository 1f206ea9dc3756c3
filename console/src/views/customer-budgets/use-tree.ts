import { useQueries, useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import type { EntityTreeRow } from '../../../../src/api.gen.ts'
import { call } from '../../api/call.ts'
import { useSession } from '../../api/session.tsx'
import { EVERY } from '../../api/use-read.ts'
import type { OpenParent, SeenRow } from '../../grid/tree-layout.ts'
import { followOpenings, layoutOf, placeOf, rowCountOf, rowOf } from '../../grid/tree-layout.ts'
import type { TreeFilter } from './filter.ts'

const TREE = 'v1.customers.retrieveEntityTree'
/** Rows of one request. They are read by number, so any part of a long list can be shown. */
const BLOCK = 100
/** How long a block is cached after it is no longer seen, in milliseconds. */
const KEPT_MS = 60_000
/** Blocks that one view may need at once. A screen shows parts of two or three. */
const MOST_BLOCKS = 12
/** The most blocks that are cached after they are no longer seen. The oldest are dropped first. */
const MOST_KEPT = 200

export type TreeItem = {
  row: number
  level: number
  at: number
  siblings: number
  isOpen: boolean
  /** Null while it is read. */
  data: EntityTreeRow | null
}

type Block = { parentId: string | null; index: number }

const keyOf = ({ parentId, index }: Block): string => `${index} ${parentId ?? ''}`

/** The part of a customer's tree that is in view: `first` to `last` are rows. */
export function useTree(
  customerId: string,
  filter: TreeFilter,
  view: { first: number; last: number },
) {
  const { caller, environment } = useSession()
  const [openings, setOpenings] = useState<readonly OpenParent[]>([])
  const [totals, setTotals] = useState<ReadonlyMap<string | null, number>>(new Map())
  const segments = useMemo(() => layoutOf(openings, totals), [openings, totals])
  const count = rowCountOf(segments)
  const blocks = neededBlocks(segments, { first: view.first, last: Math.min(view.last, count - 1) })
  const { query, isFlat } = filter
  const answers = useQueries({
    queries: blocks.map(({ parentId, index }) => {
      const place = isFlat ? { flat: true } : parentId === null ? {} : { parentId }
      const request = {
        params: { id: customerId },
        query: { ...query, ...place, at: index * BLOCK, limit: BLOCK },
      }
      return {
        queryKey: [environment, TREE, request],
        queryFn: ({ signal }: { signal: AbortSignal }) => call(caller, TREE, request, { signal }),
        refetchInterval: EVERY.list,
        gcTime: KEPT_MS,
      }
    }),
  })
  const data = new Map(blocks.map((block, at) => [keyOf(block), answers[at]?.data?.data]))
  useForgetting(view.first)
  const followed = followOpenings(openings, seenRows(data))
  if (followed !== openings) setOpenings(followed)
  learnTotals(totals, { blocks, data, setTotals })
  const itemAt = (row: number): TreeItem | null => {
    const place = placeOf(segments, row)
    if (place === null) return null
    const { parentId, at, level } = place
    const block = data.get(keyOf({ parentId, index: Math.floor(at / BLOCK) }))
    const found = block?.rows[at - (block?.at ?? 0)] ?? null
    const isOpen = found !== null && openings.some((each) => each.entityId === found.entityId)
    return { row, level, at, siblings: totals.get(parentId) ?? 0, isOpen, data: found }
  }
  const toggle = ({ data: entity, at, isOpen }: TreeItem) => {
    if (entity === null || entity.childCount === 0 || isFlat) return
    const { entityId, parentId, childCount } = entity
    if (!isOpen) setTotals(new Map([...totals, [entityId, childCount]]))
    setOpenings(
      isOpen
        ? openings.filter((each) => each.entityId !== entityId)
        : [...openings, { entityId, parentId, at }],
    )
  }
  const parentRowOf = ({ row }: TreeItem): number | null => {
    const parentId = placeOf(segments, row)?.parentId ?? null
    const opening = openings.find(({ entityId }) => entityId === parentId)
    return opening === undefined ? null : rowOf(segments, opening)
  }
  return {
    count,
    itemAt,
    parentRowOf,
    toggle,
    total: totals.get(null) ?? 0,
    isPending: totals.size === 0 && answers.some(({ isPending }) => isPending),
    error: answers.find(({ error }) => error !== null)?.error ?? null,
    refetch: () => answers.map((each) => each.refetch()),
  }
}

/** What the blocks in view contain, and where. */
const seenRows = (
  data: ReadonlyMap<string, { at: number; rows: readonly EntityTreeRow[] } | undefined>,
): SeenRow[] =>
  [...data.values()].flatMap((block) =>
    (block?.rows ?? []).map(({ entityId, parentId, childCount }, index) => ({
      entityId,
      parentId,
      childCount,
      at: (block?.at ?? 0) + index,
    })),
  )

/** Drops the oldest blocks that are no longer seen, so that scrolling does not fill the memory. */
function useForgetting(first: number): void {
  const queries = useQueryClient()
  const { environment } = useSession()
  // biome-ignore lint/correctness/useExhaustiveDependencies: again whenever other rows are in view
  useEffect(() => {
    const cache = queries.getQueryCache()
    const left = cache.findAll({ queryKey: [environment, TREE], type: 'inactive' })
    if (left.length <= MOST_KEPT) return
    const oldest = left.toSorted((a, b) => a.state.dataUpdatedAt - b.state.dataUpdatedAt)
    for (const query of oldest.slice(0, left.length - MOST_KEPT)) cache.remove(query)
  }, [queries, environment, first])
}

/** Returns the blocks of the rows in view. Before anything is known, the first one. */
function neededBlocks(
  segments: ReturnType<typeof layoutOf>,
  { first, last }: { first: number; last: number },
): Block[] {
  const needed = new Map<string, Block>()
  for (const segment of segments) {
    const from = Math.max(first, segment.start)
    const to = Math.min(last, segment.start + segment.length - 1)
    if (from > to) continue
    const indexOf = (row: number) => Math.floor((segment.at + row - segment.start) / BLOCK)
    for (let index = indexOf(from); index <= indexOf(to); index++) {
      const block = { parentId: segment.parentId, index }
      needed.set(keyOf(block), block)
    }
  }
  if (needed.size === 0) return [{ parentId: null, index: 0 }]
  return [...needed.values()].slice(0, MOST_BLOCKS)
}

/** Takes the lengths of lists from the responses. So the length is known before the end is seen. */
function learnTotals(
  totals: ReadonlyMap<string | null, number>,
  from: {
    blocks: readonly Block[]
    data: ReadonlyMap<string, { total: number } | undefined>
    setTotals: (totals: ReadonlyMap<string | null, number>) => void
  },
): void {
  const changed = from.blocks.flatMap((block): [string | null, number][] => {
    const total = from.data.get(keyOf(block))?.total
    return total === undefined || totals.get(block.parentId) === total
      ? []
      : [[block.parentId, total]]
  })
  if (changed.length > 0) from.setTotals(new Map([...totals, ...changed]))
}
