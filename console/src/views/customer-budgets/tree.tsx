import { defaultRangeExtractor, useWindowVirtualizer } from '@tanstack/react-virtual'
import {
  type KeyboardEvent,
  type ReactNode,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from 'react'
import { Loading, Problem } from '../../ui/states.tsx'
import type { TreeFilter } from './filter.ts'
import { TreeRow } from './tree-row.tsx'
import { type TreeItem, useTree } from './use-tree.ts'
import styles from './view.module.css'

/** Rows that are drawn beyond the edges of the window. */
const MARGIN_ROWS = 12
/** Rows by which PageDown and PageUp move. */
const PAGE_ROWS = 20

const rowHeight = (): number =>
  Number.parseInt(getComputedStyle(document.documentElement).getPropertyValue('--row'), 10) || 32

/** Entities with their budgets. Only the rows in view are in the document, and are read. */
export function Tree(props: {
  customerId: string
  filter: TreeFilter
  onOpen: (entityId: string) => void
  /** Null: it is not known yet. */
  onCount: (total: number | null) => void
  empty: ReactNode
}) {
  const { customerId, filter, onOpen, onCount, empty } = props
  const frame = useRef<HTMLDivElement>(null)
  const [top, setTop] = useState(0)
  const [view, setView] = useState({ first: 0, last: 60 })
  const [active, setActive] = useState(0)
  const wanted = useRef<number | null>(null)
  const [height] = useState(rowHeight)
  const tree = useTree(customerId, filter, view)
  const rows = useWindowVirtualizer({
    count: tree.count,
    estimateSize: () => height,
    overscan: MARGIN_ROWS,
    scrollMargin: top,
    // The row that has the focus stays in the document, so that its keys keep working.
    rangeExtractor: (range) => [
      ...new Set([...defaultRangeExtractor(range), Math.min(active, range.count - 1)]),
    ],
  })
  useLayoutEffect(() => {
    const element = frame.current
    if (element) setTop(element.getBoundingClientRect().top + scrollY)
  }, [])
  const items = rows.getVirtualItems()
  const { startIndex: first, endIndex: last } = rows.range ?? { startIndex: 0, endIndex: 60 }
  useEffect(() => setView({ first, last }), [first, last])
  const total = tree.isPending ? null : tree.total
  useEffect(() => onCount(total), [onCount, total])
  const focus = (row: number) => {
    const next = Math.max(0, Math.min(tree.count - 1, row))
    wanted.current = next
    rows.scrollToIndex(next, { align: 'auto' })
    setActive(next)
  }
  // The row may have to be read before it can have the focus.
  useEffect(() => {
    if (wanted.current === null) return
    const row = frame.current?.querySelector<HTMLElement>(`[data-index="${wanted.current}"]`)
    if (row == null) return
    row.focus({ preventScroll: true })
    wanted.current = null
  })
  const onKeyDown = (event: KeyboardEvent) => {
    const item = tree.itemAt(active)
    const move = item === null ? undefined : moveOf(event.key, item, tree.count)
    if (item === null || move === undefined) return
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
      ref={frame}
      role="treegrid"
      aria-label="Entities and their budgets"
      aria-rowcount={tree.count}
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
          onActive={() => setActive(index)}
          onToggle={tree.toggle}
          onOpen={onOpen}
        />
      ))}
    </div>
  )
}

/** What a key does in a row: goes to another row, or something with this one. */
function moveOf(
  key: string,
  item: TreeItem,
  count: number,
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
      return isOpen ? 'toggle' : undefined
    case 'Enter':
      return 'open'
  }
  return undefined
}
