import { useState } from 'react'
import type { EntityTreeRow } from '../../../../src/api.gen.ts'
import { useAddressState } from '../../address-state.ts'
import { useRead } from '../../api/use-read.ts'
import { useCustomer } from '../../customer/customer-frame.tsx'
import { useMeteredFeatures } from '../../customer/use-metered-features.ts'
import { formatCount } from '../../format.ts'
import { useOpener } from '../../shell/use-opener.tsx'
import { Empty, EmptyFiltered, Loading } from '../../ui/states.tsx'
import { AddEntity } from './add-entity.tsx'
import { filterOf, readAddress } from './filter.ts'
import { MoveDialog } from './move-dialog.tsx'
import { Panel } from './panel.tsx'
import { Tree } from './tree.tsx'
import { MOST_COLUMNS, type Shown, TreeToolbar } from './tree-toolbar.tsx'

/** Entities of a customer in their places, and how their budgets stand. */
export function View() {
  const { id } = useCustomer()
  const [address, change] = useAddressState(readAddress)
  const [total, setTotal] = useState<number | null>(null)
  const read = useMeteredFeatures()
  const features = read ?? []
  const newest = useRead('v1Beta.customers.assignments.list', {
    params: { id },
    query: { limit: 1 },
  })
  const budgeted = newest.data?.data[0]?.featureId
  const feature = address.feature || budgeted || features[0]?.id || null
  // Another feature makes another tree, in which nothing is open: none is shown before it is known.
  const isKnown = address.feature !== '' || (read !== undefined && !newest.isPending)
  const shown = columnsOf(features, feature, address.beside)
  const filter = filterOf(
    address,
    shown.map((each) => each.id),
  )
  const [moved, setMoved] = useState<EntityTreeRow | null>(null)
  const opener = useOpener('v1Beta.customers.entities.upsert', 'Add entity', {
    keyLabel: 'Add an entity',
  })
  return (
    <>
      <TreeToolbar
        address={address}
        change={change}
        features={features}
        shown={shown}
        count={total === null ? null : countText(total, filter.isFlat)}
        isFlat={filter.isFlat}
        add={opener.button()}
      />
      {!isKnown && <Loading />}
      {isKnown && (
        <Tree
          key={`${id} ${JSON.stringify(filter)}`}
          customerId={id}
          filter={filter}
          features={shown}
          onMove={setMoved}
          onOpen={(entity) => change({ entity }, { isStep: true })}
          onCount={setTotal}
          empty={
            address.text === '' ? (
              <Empty
                title="No entities yet. Teams, users and agents with budgets appear here."
                call={`PUT /api/v1/customers/${id}/entities`}
              >
                {opener.button()}
              </Empty>
            ) : (
              <EmptyFiltered what="entity" onClear={() => change({ q: null })} />
            )
          }
        />
      )}
      {address.entity !== '' && (
        <Panel
          entityId={address.entity}
          feature={feature}
          onClose={() => change({ entity: null })}
        />
      )}
      {moved !== null && (
        <MoveDialog
          moved={{
            entityId: moved.entityId,
            name: moved.displayName ?? moved.entityId,
            parentId: moved.parentId,
          }}
          feature={feature}
          onClose={() => setMoved(null)}
        />
      )}
      {opener.isOpen && <AddEntity feature={feature} onClose={opener.close} />}
    </>
  )
}

/** The chosen feature, and those beside it, as far as they exist. */
function columnsOf(
  features: readonly Shown[],
  feature: string | null,
  beside: readonly string[],
): readonly Shown[] {
  const ids = [...new Set([...(feature === null ? [] : [feature]), ...beside])].slice(
    0,
    MOST_COLUMNS,
  )
  return ids.map((id) => features.find((each) => each.id === id) ?? { id, displayName: id })
}

const countText = (total: number, isFlat: boolean): string =>
  isFlat ? formatCount(total, 'entity', 'entities') : formatCount(total, 'root')
