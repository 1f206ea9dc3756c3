import { Plus } from 'lucide-react'
import { useState } from 'react'
import type { Feature } from '../../../../src/api.gen.ts'
import { useAddresses, useAddressState } from '../../address-state.ts'
import { useSession } from '../../api/session.tsx'
import { useList } from '../../api/use-read.ts'
import { useShortcuts } from '../../shell/keys.ts'
import { Button } from '../../ui/button.tsx'
import { Choices, SearchField } from '../../ui/field.tsx'
import { Page, Toolbar } from '../../ui/page.tsx'
import { Empty, EmptyFiltered } from '../../ui/states.tsx'
import { type Column, ListTable } from '../../ui/table.tsx'
import { Chip, Id, Name, None, Time } from '../../ui/text.tsx'
import { CreateFeature } from './create-feature.tsx'

const METERS: Readonly<Record<Feature['meterType'], string>> = {
  None: 'not counted',
  INCREMENTAL: 'counted',
  FLUCTUATING: 'level',
}

const COLUMNS: readonly Column<Feature>[] = [
  { title: 'Name', cell: ({ id, displayName }) => <Name name={displayName} id={id} /> },
  { title: 'Id', cell: ({ id }) => <Id>{id}</Id> },
  { title: 'Type', cell: ({ featureType }) => featureType.toLowerCase() },
  { title: 'Usage', cell: ({ meterType }) => METERS[meterType], isSecondary: true },
  {
    title: 'Counted from',
    cell: ({ meter, meterType }) =>
      meterType === 'None' ? <None /> : meter ? <Chip>events</Chip> : 'reports',
    isSecondary: true,
  },
  { title: 'Created', cell: ({ createdAt }) => <Time at={createdAt} />, isSecondary: true },
]

export function View() {
  const addresses = useAddresses()
  const [filter, change] = useAddressState((search) => ({
    id: search.id ?? '',
    isArchived: search.state === 'archived',
  }))
  const [isCreating, setCreating] = useState(false)
  const reason = useSession().whyNot('v1.features.createFeature')
  useShortcuts([{ keys: 'n', label: 'New feature', run: () => setCreating(reason === null) }])
  const list = useList('v1.features.listFeatures', {
    query: {
      status: filter.isArchived ? ['SUSPENDED'] : ['NEW', 'ACTIVE'],
      ...(filter.id !== '' && { id: filter.id }),
    },
  })
  const create = (
    <Button look="primary" icon={Plus} reason={reason} onClick={() => setCreating(true)}>
      New feature
    </Button>
  )
  return (
    <Page
      title="Features"
      actions={create}
      lead="What can be granted: a switch, a number, a limit."
    >
      <Toolbar>
        <SearchField
          label="Exact id"
          value={filter.id}
          onChange={(id) => change({ id: id || null })}
        />
        <Choices
          label="State"
          value={filter.isArchived ? 'archived' : 'active'}
          onChange={(state) => change({ state: state === 'archived' ? state : null })}
          choices={[
            { value: 'active', label: 'Active' },
            { value: 'archived', label: 'Archived' },
          ]}
        />
      </Toolbar>
      <ListTable
        label="Features"
        list={list}
        columns={COLUMNS}
        keyOf={({ id }) => id}
        toOf={({ id }) => addresses.feature(id)}
        empty={
          filter.id !== '' || filter.isArchived ? (
            <EmptyFiltered what="feature" onClear={() => change({ id: null, state: null })} />
          ) : (
            <Empty title="No features yet." call="POST /api/v1/features">
              {create}
            </Empty>
          )
        }
      />
      <CreateFeature isOpen={isCreating} onClose={() => setCreating(false)} />
    </Page>
  )
}
