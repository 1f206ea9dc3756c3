import { Link, useNavigate } from '@tanstack/react-router'
import { type MouseEvent, type ReactNode, useEffect, useRef } from 'react'
import { routeTo } from '../addresses.ts'
import type { RequestOf } from '../api/call.ts'
import { type ListId, MOST_PAGES, PAGE_SIZE, type RowOf } from '../api/use-read.ts'
import { formatNumber } from '../format.ts'
import { Button, LinkButton } from './button.tsx'
import { Muted } from './page.tsx'
import { EmptyFiltered, Loading, Problem, Read } from './states.tsx'
import styles from './table.module.css'

export type Column<Row> = {
  title: string
  cell: (row: Row) => ReactNode
  isEnd?: boolean
  /** Left out on narrow screens. */
  isSecondary?: boolean
  width?: string
}

type TableProps<Row> = {
  label: string
  rows: readonly Row[]
  columns: readonly Column<Row>[]
  keyOf: (row: Row) => string
  /** Where a row leads. Its first cell is then a link. */
  toOf?: (row: Row) => string
  /** Who changed the object of a row: the key `h` leads there. */
  historyOf?: (row: Row) => string
  /** Buttons at the end of a row. */
  actions?: (row: Row) => ReactNode
  /** What is shown below a row that is open. False for the others. */
  below?: (row: Row) => ReactNode
  /** Nothing in it takes the focus. So the table does, and keys scroll it. */
  isPlain?: boolean
}

export function Table<Row>(props: TableProps<Row>) {
  const { label, rows, columns, keyOf, actions, isPlain } = props
  const scroller = isPlain ? { role: 'group', tabIndex: 0, 'aria-label': label } : {}
  return (
    <div className={styles.frame} {...scroller}>
      <table className={styles.table} aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.title} className={classOf(column)} style={{ width: column.width }}>
                {column.title}
              </th>
            ))}
            {actions && <th className={styles.actions} aria-label="Actions" />}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <TableRow key={keyOf(row)} row={row} {...props} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

const classOf = ({ isEnd, isSecondary }: Column<never>): string =>
  [isEnd && styles.end, isSecondary && styles.secondary].filter(Boolean).join(' ')

function TableRow<Row>(props: TableProps<Row> & { row: Row }) {
  const { row, columns, toOf, historyOf, actions, below } = props
  const navigate = useNavigate()
  const to = toOf?.(row)
  // The link is in the first cell; a press elsewhere in the row does the same.
  const onClick = (event: MouseEvent) => {
    const isOnControl = (event.target as Element).closest('a, button, input, label')
    const isSelecting = getSelection()?.isCollapsed === false
    if (to !== undefined && !isOnControl && !isSelecting)
      void navigate({ ...routeTo(to), resetScroll: below === undefined })
  }
  const details = below?.(row)
  const isOpen = Boolean(details)
  return (
    <>
      <tr data-to={to} onClick={onClick}>
        {columns.map((column, index) => (
          <td key={column.title} className={classOf(column)}>
            {index === 0 && to !== undefined ? (
              <Link
                {...routeTo(to)}
                className={styles.link}
                data-row
                data-history={historyOf?.(row)}
                aria-expanded={below && isOpen}
                resetScroll={below === undefined}
              >
                {column.cell(row)}
              </Link>
            ) : (
              column.cell(row)
            )}
          </td>
        ))}
        {actions && <td className={styles.actions}>{actions(row)}</td>}
      </tr>
      {isOpen && (
        <tr className={styles.below}>
          <td colSpan={columns.length + (actions ? 1 : 0)}>{details}</td>
        </tr>
      )}
    </>
  )
}

type Item<Id extends ListId> = RowOf<Id> & { id: string }

const idOf = (row: object): string => ('id' in row ? String(row.id) : '')

/** The first rows of a list, or a sentence if there are none. `all` leads to the whole list. */
export function ShortList<Id extends ListId>(
  props: Omit<TableProps<Item<Id>>, 'rows' | 'keyOf'> & {
    id: Id
    request: RequestOf<Id>
    /** How many rows are expected. */
    count: number
    none: string
    all?: { to: string; label: string }
  },
) {
  const { id, request, count, none, all } = props
  return (
    <Read id={id} request={request} rows={count}>
      {(answer) =>
        answer.data.length === 0 ? (
          <Muted>{none}</Muted>
        ) : (
          <>
            <Table {...props} rows={answer.data as unknown as Item<Id>[]} keyOf={idOf} />
            {all && (
              <div>
                <LinkButton look="quiet" size="small" to={all.to}>
                  {all.label}
                </LinkButton>
              </div>
            )}
          </>
        )
      }
    </Read>
  )
}

type ListReading<Row> = {
  rows: Row[] | undefined
  error: Error | null
  isPlaceholderData: boolean
  hasNextPage: boolean
  isFetchingNextPage: boolean
  fetchNextPage: () => unknown
  refetch: () => unknown
}

/** A list of any length: loading, failed, empty, or rows that are read on as one scrolls. */
export function ListTable<Row extends object>(
  props: Omit<TableProps<Row>, 'rows' | 'keyOf'> & {
    list: ListReading<Row>
    /** Needed where rows have no `id`. */
    keyOf?: (row: Row) => string
    /** What stands there if the list is empty. */
    empty: ReactNode
    /** The filters of the list. They can be taken off if nothing passes them. */
    filters?: { isSet: boolean; clear: () => void }
    /** What one row is called. */
    what?: string
  },
) {
  const { list, keyOf = idOf, empty, filters, what = 'row' } = props
  const { rows, error, isPlaceholderData } = list
  if (rows === undefined)
    return error ? <Problem error={error} onRetry={() => void list.refetch()} /> : <Loading />
  // A page may have no rows although others follow, if the filters leave all of them out.
  if (rows.length === 0 && !list.hasNextPage)
    return filters?.isSet ? <EmptyFiltered what={what} onClear={filters.clear} /> : empty
  return (
    <div
      className={isPlaceholderData ? styles.dimmed : undefined}
      aria-busy={isPlaceholderData || undefined}
    >
      <Table {...props} rows={rows} keyOf={keyOf} />
      <More list={list} />
    </div>
  )
}

/** Reads on when it comes into view, and can be pressed. */
function More<Row>({ list }: { list: ListReading<Row> }) {
  const { hasNextPage, isFetchingNextPage, fetchNextPage, error, rows = [] } = list
  const mark = useRef<HTMLDivElement>(null)
  const canRead = hasNextPage && !isFetchingNextPage && error === null
  useEffect(() => {
    if (!canRead || mark.current === null) return
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && fetchNextPage())
    observer.observe(mark.current)
    return () => observer.disconnect()
  }, [canRead, fetchNextPage])
  if (rows.length >= MOST_PAGES * PAGE_SIZE)
    return (
      <div className={styles.more}>
        These are the first {formatNumber(rows.length)}. Filter to find others.
      </div>
    )
  if (!hasNextPage) return null
  return (
    <div ref={mark} className={styles.more}>
      <Button size="small" isBusy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
        Show more
      </Button>
      {error && <span role="alert">{error.message}</span>}
    </div>
  )
}
