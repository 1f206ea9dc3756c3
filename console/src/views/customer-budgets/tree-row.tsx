// biome-ignore-all lint/a11y/useSemanticElements: rows stand at places that a table does not have
// biome-ignore-all lint/a11y/useFocusableInteractive: a row has the focus, and its cells never do
import { ChevronRight, TriangleAlert } from 'lucide-react'
import type { CSSProperties } from 'react'
import type { BudgetStanding, EntityCapability, EntityTreeRow } from '../../../../src/api.gen.ts'
import { useAddresses } from '../../address-state.ts'
import { useCustomer } from '../../customer/customer-frame.tsx'
import { formatNumber } from '../../format.ts'
import { Bar } from '../../ui/bar.tsx'
import { Chip, Id, Name, None, Time } from '../../ui/text.tsx'
import { LimitCell } from './limit-cell.tsx'
import type { TreeItem } from './use-tree.ts'
import styles from './view.module.css'

export type RowEditor = {
  /** The feature whose limit is edited in this row. */
  feature: string | null
  onEdit: (feature: string) => void
  onEnd: (isNext: boolean) => void
}

export function TreeRow(props: {
  item: TreeItem | null
  index: number
  offset: number
  isActive: boolean
  editing: RowEditor
  onActive: () => void
  onToggle: (item: TreeItem) => void
  onOpen: (entityId: string) => void
}) {
  const { item, index, offset, isActive, editing, onToggle, onOpen } = props
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
      data-history={addresses.historyOf(ownOf(data.capabilities[0])?.id ?? data.entityId, {
        customerId,
      })}
      className={styles.row}
      style={style}
      tabIndex={isActive ? 0 : -1}
      aria-rowindex={index + 2}
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
        {data.archivedAt !== null && <Chip>archived</Chip>}
        {hasChildren && <span className={styles.muted}>({formatNumber(data.childCount)})</span>}
      </div>
      <div role="gridcell" className={styles.type}>
        {data.entityTypeId}
      </div>
      {data.capabilities.map((capability) => (
        <BudgetCells
          key={capability.featureId}
          row={data}
          capability={capability}
          editing={editing}
        />
      ))}
    </div>
  )
}

/** The budget for all usage. Only that one can be edited in place. */
export const ownOf = (capability: EntityCapability | undefined): BudgetStanding | undefined =>
  capability?.budgets.find(({ scopeEntityIds }) => scopeEntityIds.length === 0)

/** The budget for all usage, or another one, and how many others there are. */
function BudgetCells(props: {
  row: EntityTreeRow
  capability: EntityCapability
  editing: RowEditor
}) {
  const { row, capability, editing } = props
  const own = ownOf(capability)
  const shown = own ?? capability.budgets[0]
  const others = capability.budgetCount - (shown === undefined ? 0 : 1)
  const above = capability.tightestAncestor
  const isTighter =
    above?.remaining != null && (shown?.remaining == null || above.remaining < shown.remaining)
  const featureId = capability.featureId ?? ''
  return (
    <>
      <div role="gridcell" className={styles.number}>
        {shown === undefined ? <None /> : formatNumber(shown.currentUsage)}
      </div>
      {own === undefined && shown !== undefined ? (
        <div role="gridcell" className={styles.number}>
          {shown.usageLimit === null ? <None /> : formatNumber(shown.usageLimit)}
        </div>
      ) : (
        <LimitCell
          of={
            own === undefined
              ? null
              : {
                  entityId: row.entityId,
                  name: row.displayName ?? row.entityId,
                  featureId,
                  budget: own,
                }
          }
          isTighter={isTighter}
          isEditing={editing.feature === featureId}
          onEdit={() => editing.onEdit(featureId)}
          onEnd={editing.onEnd}
        />
      )}
      <div role="gridcell" className={styles.bar}>
        {isTighter && above?.remaining != null && shown !== undefined ? (
          <span className={styles.tighter}>
            <TriangleAlert size={12} aria-hidden />
            {formatNumber(Math.max(0, above.remaining))} left in{' '}
            <bdi>{above.displayName ?? above.entityId}</bdi>
          </span>
        ) : (
          shown?.usageLimit != null && (
            <Bar used={shown.currentUsage} held={shown.holds} limit={shown.usageLimit} />
          )
        )}
        {others > 0 && <span className={styles.muted}>+{others}</span>}
      </div>
      <div role="gridcell" className={styles.runsOut}>
        {shown?.exhaustsAt ? <Time at={shown.exhaustsAt} /> : <None />}
      </div>
    </>
  )
}
