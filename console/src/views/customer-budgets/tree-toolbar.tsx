import { Check, Columns3 } from 'lucide-react'
import type { ReactNode } from 'react'
import type { Feature } from '../../../../src/api.gen.ts'
import type { ChangeSearch } from '../../address-state.ts'
import { Button } from '../../ui/button.tsx'
import { choicesOf } from '../../ui/choices.ts'
import { Choices, SearchField } from '../../ui/field.tsx'
import { Menu } from '../../ui/menu.tsx'
import { Muted, Toolbar } from '../../ui/page.tsx'
import { Select } from '../../ui/select.tsx'
import { ORDERS, type TreeAddress } from './filter.ts'
import styles from './view.module.css'

/** Features whose budgets are shown beside each other: as many as one request answers. */
export const MOST_COLUMNS = 5

export type Shown = Pick<Feature, 'id' | 'displayName'>

/** What the tree shows, and in which order. */
export function TreeToolbar(props: {
  address: TreeAddress
  change: ChangeSearch
  features: readonly Shown[]
  /** The chosen feature, and those beside it. */
  shown: readonly Shown[]
  count: string | null
  isFlat: boolean
  add: ReactNode
}) {
  const { address, change, features, shown, count, isFlat, add } = props
  return (
    <Toolbar>
      <SearchField
        label="Part of a name or id"
        value={address.text}
        onChange={(q) => change({ q: q || null })}
      />
      {features.length > 0 && (
        <Select
          className={styles.select}
          aria-label="Feature"
          value={shown[0]?.id ?? ''}
          onChange={(value) => change({ feature: value })}
          choices={choicesOf(features)}
        />
      )}
      {features.length > 1 && (
        <BesideMenu features={features} shown={shown} onChange={(beside) => change({ beside })} />
      )}
      <Select
        className={styles.select}
        aria-label="Order"
        value={address.order}
        onChange={(order) => change({ order })}
        choices={ORDERS}
      />
      <Choices
        label="View"
        value={isFlat ? 'flat' : 'tree'}
        onChange={(view) => change({ view: view === 'flat' ? view : null, q: null })}
        choices={[
          { value: 'tree', label: 'Tree' },
          { value: 'flat', label: 'Flat' },
        ]}
      />
      <span data-end className={styles.end}>
        {count !== null && <Muted>{count}</Muted>}
        {add}
      </span>
    </Toolbar>
  )
}

/** Which other features are shown beside the chosen one. */
function BesideMenu(props: {
  features: readonly Shown[]
  shown: readonly Shown[]
  onChange: (beside: string | null) => void
}) {
  const { features, shown, onChange } = props
  const [first, ...others] = shown.map(({ id }) => id)
  const isFull = shown.length >= MOST_COLUMNS
  return (
    <Menu
      trigger={<Button icon={Columns3}>Beside it</Button>}
      items={features
        .filter(({ id }) => id !== first)
        .map(({ id, displayName }) => {
          const isOn = others.includes(id)
          const next = isOn ? others.filter((each) => each !== id) : [...others, id]
          return {
            label: displayName,
            ...(isOn && { icon: Check }),
            reason: isFull && !isOn ? `At most ${MOST_COLUMNS} are shown beside each other.` : null,
            onSelect: () => onChange(next.join(',') || null),
          }
        })}
    />
  )
}
