// biome-ignore-all lint/a11y/useSemanticElements: rows stand at places that a table does not have
// biome-ignore-all lint/a11y/useFocusableInteractive: a row has the focus, and its cells never do
import { ChevronRight, TriangleAlert } from 'lucide-react'
import type { CSSProperties } from 'react'
import type { EntityTreeRow } from '../../../../src/api.gen.ts'
import { useAddresses } from '../../address-state.ts'
import { useCustomer } from '../../customer/customer-frame.tsx'
import { formatNumber } from '../../format.ts'
import { Bar } from '../../ui/bar.tsx'
import { Id, Name, None, Time } from '../../ui/text.tsx'
import type { TreeItem } from './use-tree.ts'
import styles from './view.module.css'

export function TreeRow(props: {
  item: TreeItem | null
  index: number
  offset: number
  isActive: boolean
  onActive: () => void
  onToggle: (item: TreeItem) => void
  onOpen: (entityId: string) => void
}) {
  const { item, index, offset, isActive, onToggle, onOpen } = props
  const { id: customerId } = useCustomer()
  const addresses = useAddresses()
  const style = { translate: `0 ${offset}px`, '--level': item?.level ?? 1 } as CSSProperties
  if (item?.data == null)
    return <div className={`${styles.row} ${styles.waiting}`} style={style} aria-hidden />
  const { data, level, at, siblings, isOpen } = item
  const hasChildren = data.childCount > 0
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid handles keys
    <div
      role="row"
      data-index={index}
      data-row
      data-history={addresses.historyOf(budgetIdOf(data) ?? data.entityId, customerId)}
      className={styles.row}
      style={style}
      tabIndex={isActive ? 0 : -1}
      aria-level={level}
      aria-posinset={at + 1}
      aria-setsize={siblings}
      aria-expanded={hasChildren ? isOpen : undefined}
      onFocus={props.onActive}
      onClick={() => onOpen(data.entityId)}
    >
      <div role="gridcell" className={styles.name}>
        <button
          type="button"
          tabIndex={-1}
          className={styles.toggle}
          aria-label={isOpen ? 'Close' : 'Open'}
          data-open={isOpen}
          data-empty={!hasChildren}
          onClick={(event) => {
            event.stopPropagation()
            onToggle(item)
          }}
        >
          <ChevronRight size={14} aria-hidden />
        </button>
        <span className={styles.clip}>
          <Name name={data.displayName} id={data.entityId} /> <Id>{data.entityId}</Id>
        </span>
        {hasChildren && <span className={styles.muted}>({formatNumber(data.childCount)})</span>}
      </div>
      <div role="gridcell" className={styles.type}>
        {data.entityTypeId}
      </div>
      <BudgetCells row={data} />
    </div>
  )
}

/** The budget for all usage: its limit is what one asks about first. */
const budgetIdOf = ({ capabilities: [first] }: EntityTreeRow): string | undefined =>
  first?.budgets.find(({ scopeEntityIds }) => scopeEntityIds.length === 0)?.id

/** The budget for all usage, and how many others there are. */
function BudgetCells({ row }: { row: EntityTreeRow }) {
  const [capability] = row.capabilities
  const budgets = capability?.budgets ?? []
  const own = budgets.find(({ scopeEntityIds }) => scopeEntityIds.length === 0) ?? budgets[0]
  const others = (capability?.budgetCount ?? 0) - (own === undefined ? 0 : 1)
  const above = capability?.tightestAncestor
  const isTighter =
    above?.remaining != null && (own?.remaining == null || above.remaining < own.remaining)
  return (
    <>
      <div role="gridcell" className={styles.number}>
        {own === undefined ? <None /> : formatNumber(own.currentUsage)}
      </div>
      <div role="gridcell" className={styles.number}>
        {own?.usageLimit == null ? (
          <None />
        ) : isTighter ? (
          <s>{formatNumber(own.usageLimit)}</s>
        ) : (
          formatNumber(own.usageLimit)
        )}
      </div>
      <div role="gridcell" className={styles.bar}>
        {isTighter && above?.remaining != null && own !== undefined ? (
          <span className={styles.tighter}>
            <TriangleAlert size={12} aria-hidden />
            {formatNumber(Math.max(0, above.remaining))} left in{' '}
            {above.displayName ?? above.entityId}
          </span>
        ) : (
          own?.usageLimit != null && (
            <Bar used={own.currentUsage} held={own.holds} limit={own.usageLimit} />
          )
        )}
        {others > 0 && <span className={styles.muted}>+{others}</span>}
      </div>
      <div role="gridcell" className={styles.runsOut}>
        {own?.exhaustsAt ? <Time at={own.exhaustsAt} /> : <None />}
      </div>
    </>
  )
}
