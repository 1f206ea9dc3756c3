// biome-ignore-all lint/a11y/useSemanticElements: rows stand at places that a table does not have
import { defaultRangeExtractor, useWindowVirtualizer } from '@tanstack/react-virtual'
import {
  type CSSProperties,
  type KeyboardEvent,
  type ReactNode,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from 'react'
import type { EntityTreeRow } from '../../../../src/api.gen.ts'
import { useShortcuts } from '../../shell/keys.ts'
import { Loading, Problem } from '../../ui/states.tsx'
import type { TreeFilter } from './filter.ts'
import { TreeHead } from './tree-head.tsx'
import { ownOf, TreeRow } from './tree-row.tsx'
import { type TreeItem, useTree } from './use-tree.ts'
import styles from './view.module.css'

/** Rows that are drawn beyond the edges of the window. */
const MARGIN_ROWS = 12
/** Rows by which PageDown and PageUp move. */
const PAGE_ROWS = 20

const rowHeight = (): number =>
  Number.parseInt(getComputedStyle(document.documentElement).getPropertyValue('--row'), 10) || 32

type TreeProps = {
  customerId: string
  filter: TreeFilter
  /** Features whose budgets are shown beside each other. */
  features: readonly { id: string; displayName: string }[]
  onOpen: (entityId: string) => void
  onMove: (row: EntityTreeRow) => void
  /** Null: it is not known yet. */
  onCount: (total: number | null) => void
  empty: ReactNode
}

/** Entities with their budgets. Only the rows in view are in the document, and are read. */
export function Tree(props: TreeProps) {
  const { customerId, filter, features, onOpen, onMove, onCount, empty } = props
  const [view, setView] = useState({ first: 0, last: 60 })
  const [active, setActive] = useState(0)
  const [editing, setEditing] = useState<{ row: number; feature: string } | null>(null)
  const tree = useTree(customerId, filter, view)
  const { frame, rows, items, top, focus } = useRows({ count: tree.count, active, setActive })
  const { startIndex: first, endIndex: last } = rows.range ?? { startIndex: 0, endIndex: 60 }
  useEffect(() => setView({ first, last }), [first, last])
  const total = tree.isPending ? null : tree.total
  useEffect(() => onCount(total), [onCount, total])
  const edit = (row: number, feature: string) => {
    const capability = tree
      .itemAt(row)
      ?.data?.capabilities.find(({ featureId }) => featureId === feature)
    setEditing(ownOf(capability) === undefined ? null : { row, feature })
  }
  useRowKeys({
    rowOf: () =>
      frame.current?.contains(document.activeElement) ? (tree.itemAt(active)?.data ?? null) : null,
    onEdit: () => edit(active, features[0]?.id ?? ''),
    onMove,
  })
  const onKeyDown = (event: KeyboardEvent) => {
    const item = tree.itemAt(active)
    const move = item === null ? undefined : moveOf(event.key, item, tree)
    if (item === null || move === undefined || event.ctrlKey || event.metaKey) return
    event.preventDefault()
    if (move === 'toggle') tree.toggle(item)
    else if (move === 'open' && item.data) onOpen(item.data.entityId)
    else if (typeof move === 'number') focus(move)
  }
  if (tree.count === 0) {
    if (tree.error) return <Problem error={tree.error} onRetry={() => void tree.refetch()} />
    return tree.isPending ? <Loading /> : empty
  }
  return (
    <div
      role="treegrid"
      aria-label="Entities and their budgets"
      // The row of titles is one, too.
      aria-rowcount={tree.count + 1}
      className={styles.tree}
      style={{ '--groups': Math.max(1, features.length) } as CSSProperties}
    >
      <TreeHead features={features} />
      <div
        ref={frame}
        role="rowgroup"
        className={styles.grid}
        style={{ height: rows.getTotalSize() }}
        onKeyDown={onKeyDown}
      >
        {items.map(({ index, start }) => (
          <TreeRow
            key={index}
            item={tree.itemAt(index)}
            index={index}
            offset={start - top}
            isActive={index === active}
            editing={{
              feature: editing?.row === index ? editing.feature : null,
              onEdit: (feature) => edit(index, feature),
              onEnd: (isNext) => {
                if (isNext && editing !== null) edit(index + 1, editing.feature)
                else setEditing(null)
                focus(isNext ? index + 1 : index)
              },
            }}
            onActive={() => setActive(index)}
            onToggle={tree.toggle}
            onOpen={onOpen}
          />
        ))}
      </div>
    </div>
  )
}

/** Keys that do something with the row that has the focus. */
function useRowKeys(props: {
  rowOf: () => EntityTreeRow | null
  onEdit: () => void
  onMove: (row: EntityTreeRow) => void
}) {
  const { rowOf, onEdit, onMove } = props
  useShortcuts([
    {
      keys: 'e',
      label: 'Edit the limit of the row',
      run: () => rowOf() !== null && onEdit(),
      isOnlyKey: true,
    },
    {
      keys: 'm',
      label: 'Move the row',
      run: () => {
        const row = rowOf()
        if (row !== null) onMove(row)
      },
      isOnlyKey: true,
    },
  ])
}

/** Which rows are in the document, and how one of them gets the focus. */
function useRows(props: { count: number; active: number; setActive: (row: number) => void }) {
  const { count, active, setActive } = props
  const frame = useRef<HTMLDivElement>(null)
  const wanted = useRef<number | null>(null)
  const [top, setTop] = useState(0)
  const [height] = useState(rowHeight)
  const isShown = count > 0
  const rows = useWindowVirtualizer({
    count,
    estimateSize: () => height,
    overscan: MARGIN_ROWS,
    scrollMargin: top,
    // The row that has the focus stays in the document, so that its keys keep working.
    rangeExtractor: (range) => [
      ...new Set([...defaultRangeExtractor(range), Math.min(active, range.count - 1)]),
    ],
  })
  // Before the range is read: this computes it.
  const items = rows.getVirtualItems()
  useLayoutEffect(() => {
    if (isShown && frame.current !== null)
      setTop(frame.current.getBoundingClientRect().top + scrollY)
  }, [isShown])
  const focus = (row: number) => {
    const next = Math.max(0, Math.min(count - 1, row))
    wanted.current = next
    rows.scrollToIndex(next, { align: 'auto' })
    setActive(next)
  }
  // The row may have to be read before it can have the focus. A field in it keeps the focus.
  useEffect(() => {
    if (wanted.current === null) return
    const row = frame.current?.querySelector<HTMLElement>(`[data-index="${wanted.current}"]`)
    if (row == null) return
    if (!row.contains(document.activeElement)) row.focus({ preventScroll: true })
    wanted.current = null
  })
  return { frame, rows, items, top, focus }
}

/** What a key does in a row: goes to another row, or something with this one. */
function moveOf(
  key: string,
  item: TreeItem,
  { count, parentRowOf }: { count: number; parentRowOf: (item: TreeItem) => number | null },
): number | 'toggle' | 'open' | undefined {
  const { row, isOpen, data } = item
  switch (key) {
    case 'ArrowDown':
    case 'j':
      return row + 1
    case 'ArrowUp':
    case 'k':
      return row - 1
    case 'PageDown':
      return row + PAGE_ROWS
    case 'PageUp':
      return row - PAGE_ROWS
    case 'Home':
      return 0
    case 'End':
      return count - 1
    case 'ArrowRight':
      return isOpen ? row + 1 : (data?.childCount ?? 0) > 0 ? 'toggle' : undefined
    case 'ArrowLeft':
      return isOpen ? 'toggle' : (parentRowOf(item) ?? undefined)
    case 'Enter':
      return 'open'
  }
  return undefined
}
