import { Plus } from 'lucide-react'
import { useState } from 'react'
import { useAddressState } from '../../address-state.ts'
import { useSession } from '../../api/session.tsx'
import { useRead } from '../../api/use-read.ts'
import { useCustomer } from '../../customer/customer-frame.tsx'
import { useMeteredFeatures } from '../../customer/use-metered-features.ts'
import { formatCount } from '../../format.ts'
import { useShortcuts } from '../../shell/keys.ts'
import { Button } from '../../ui/button.tsx'
import { Choices, SearchField } from '../../ui/field.tsx'
import { Muted, Toolbar } from '../../ui/page.tsx'
import { Select } from '../../ui/select.tsx'
import { Empty, EmptyFiltered } from '../../ui/states.tsx'
import { AddEntity } from './add-entity.tsx'
import { filterOf, ORDER_CHOICES, readAddress } from './filter.ts'
import { Panel } from './panel.tsx'
import { Tree } from './tree.tsx'
import styles from './view.module.css'

/** Entities of a customer in their places, and how their budgets stand. */
export function View() {
  const { id } = useCustomer()
  const [address, change] = useAddressState(readAddress)
  const [total, setTotal] = useState<number | null>(null)
  const [isAdding, setAdding] = useState(false)
  const features = useMeteredFeatures()
  const newest = useRead('v1Beta.customers.assignments.list', {
    params: { id },
    query: { limit: 1 },
  })
  const budgeted = newest.data?.data[0]?.featureId
  const feature = address.feature || budgeted || features[0]?.id || null
  const filter = filterOf(address, feature)
  const reason = useSession().whyNot('v1Beta.customers.entities.upsert')
  useShortcuts([{ keys: 'n', label: 'Add an entity', run: () => setAdding(reason === null) }])
  const add = (
    <Button look="primary" icon={Plus} reason={reason} onClick={() => setAdding(true)}>
      Add entity
    </Button>
  )
  return (
    <>
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
            value={feature ?? ''}
            onChange={(value) => change({ feature: value })}
            choices={features.map(({ id: value, displayName: label }) => ({ value, label }))}
          />
        )}
        <Select
          className={styles.select}
          aria-label="Order"
          value={address.order}
          onChange={(order) => change({ order })}
          choices={ORDER_CHOICES}
        />
        <Choices
          label="View"
          value={filter.isFlat ? 'flat' : 'tree'}
          onChange={(view) => change({ view: view === 'flat' ? view : null, q: null })}
          choices={[
            { value: 'tree', label: 'Tree' },
            { value: 'flat', label: 'Flat' },
          ]}
        />
        <span data-end className={styles.end}>
          {total !== null && <Muted>{countText(total, filter.isFlat)}</Muted>}
          {add}
        </span>
      </Toolbar>
      <div className={styles.head} aria-hidden>
        <span className={styles.name}>Name</span>
        <span className={styles.type}>Type</span>
        <span className={styles.number}>Used</span>
        <span className={styles.number}>Limit</span>
        <span className={styles.bar} />
        <span className={styles.runsOut}>Runs out</span>
      </div>
      <Tree
        key={`${id} ${JSON.stringify(filter)}`}
        customerId={id}
        filter={filter}
        onOpen={(entity) => change({ entity }, { isStep: true })}
        onCount={setTotal}
        empty={
          address.text === '' ? (
            <Empty
              title="No entities yet. Teams, users and agents with budgets appear here."
              call={`PUT /api/v1/customers/${id}/entities`}
            >
              {add}
            </Empty>
          ) : (
            <EmptyFiltered what="entity" onClear={() => change({ q: null })} />
          )
        }
      />
      {address.entity !== '' && (
        <Panel
          entityId={address.entity}
          feature={feature}
          onClose={() => change({ entity: null })}
        />
      )}
      {isAdding && <AddEntity feature={feature} onClose={() => setAdding(false)} />}
    </>
  )
}

const countText = (total: number, isFlat: boolean): string =>
  isFlat ? formatCount(total, 'entity', 'entities') : formatCount(total, 'root')
