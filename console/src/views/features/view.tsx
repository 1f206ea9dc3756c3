import { Plus } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import type { Feature } from '../../../../src/api.gen.ts'
import { type Search, useAddresses, useAddressState } from '../../address-state.ts'
import { useSession } from '../../api/session.tsx'
import { useList } from '../../api/use-read.ts'
import { METER_WORDS, TYPE_WORDS } from '../../catalog/feature-words.ts'
import { useShortcuts } from '../../shell/keys.ts'
import { Button } from '../../ui/button.tsx'
import { SearchField } from '../../ui/field.tsx'
import { FilterSelect } from '../../ui/filter.tsx'
import { Page, Toolbar } from '../../ui/page.tsx'
import { Empty, EmptyFiltered, IfPermitted } from '../../ui/states.tsx'
import { type Column, ListTable } from '../../ui/table.tsx'
import { Chip, Id, Name, None, Time } from '../../ui/text.tsx'
import { CreateFeature } from './create-feature.tsx'
import { METERS, STATES, STATUSES, TEXTS, TYPES } from './texts.ts'

const COLUMNS: readonly Column<Feature>[] = [
  {
    title: 'Name',
    cell: ({ id, displayName, featureStatus }) => (
      <>
        <Name name={displayName} id={id} /> {featureStatus === 'SUSPENDED' && <Chip>archived</Chip>}
      </>
    ),
  },
  { title: 'Id', cell: ({ id }) => <Id>{id}</Id> },
  { title: 'Type', cell: ({ featureType }) => TYPE_WORDS[featureType] },
  {
    title: 'Usage',
    cell: ({ meterType }) => (meterType === 'None' ? <None /> : METER_WORDS[meterType]),
    isSecondary: true,
  },
  {
    title: 'Counted from',
    cell: ({ meter, meterType }) =>
      meterType === 'None' ? <None /> : meter ? TEXTS.events : TEXTS.reports,
    isSecondary: true,
  },
  {
    title: 'Units',
    cell: ({ featureUnitsPlural }) => featureUnitsPlural ?? <None />,
    isSecondary: true,
  },
  { title: 'Created', cell: ({ createdAt }) => <Time at={createdAt} />, isSecondary: true },
]

const valueIn = <Value extends string>(
  choices: readonly { value: Value }[],
  text: string | undefined,
  otherwise: Value,
): Value => choices.find(({ value }) => value === text)?.value ?? otherwise

const filterOf = (search: Search) => ({
  id: search.id ?? '',
  type: valueIn(TYPES, search.type, ''),
  meter: valueIn(METERS, search.meter, ''),
  state: valueIn(STATES, search.state, 'active'),
})

export function View() {
  const [isCreating, setCreating] = useState(false)
  const reason = useSession().whyNot('v1.features.createFeature')
  useShortcuts([{ keys: 'n', label: 'New feature', run: () => setCreating(reason === null) }])
  const create = (look: 'primary' | 'normal') => (
    <Button look={look} icon={Plus} reason={reason} onClick={() => setCreating(true)}>
      New feature
    </Button>
  )
  return (
    <Page title="Features" actions={create('primary')} lead={TEXTS.lead}>
      <IfPermitted id="v1.features.listFeatures">
        <FeatureList create={create('normal')} />
      </IfPermitted>
      <CreateFeature isOpen={isCreating} onClose={() => setCreating(false)} />
    </Page>
  )
}

function FeatureList({ create }: { create: ReactNode }) {
  const addresses = useAddresses()
  const [filter, change] = useAddressState(filterOf)
  const { id, type, meter, state } = filter
  const isFiltered = id !== '' || type !== '' || meter !== '' || state !== 'active'
  const list = useList('v1.features.listFeatures', {
    query: {
      status: [...STATUSES[state]],
      ...(id !== '' && { id }),
      ...(type !== '' && { featureType: [type] }),
      ...(meter !== '' && { meterType: [meter] }),
    },
  })
  return (
    <>
      <Toolbar>
        <SearchField
          label="Exact id"
          value={id}
          onChange={(text) => change({ id: text || null })}
        />
        <FilterSelect
          label="Type"
          value={type}
          choices={TYPES}
          onChange={(value) => change({ type: value || null })}
        />
        <FilterSelect
          label="Usage"
          value={meter}
          choices={METERS}
          onChange={(value) => change({ meter: value || null })}
        />
        <FilterSelect
          label="State"
          value={state}
          choices={STATES}
          onChange={(value) => change({ state: value === 'active' ? null : value })}
        />
      </Toolbar>
      <ListTable
        label="Features"
        list={list}
        columns={COLUMNS}
        keyOf={(row) => row.id}
        toOf={(row) => addresses.feature(row.id)}
        historyOf={(row) => addresses.historyOf(row.id)}
        empty={
          isFiltered ? (
            <EmptyFiltered
              what="feature"
              onClear={() => change({ id: null, type: null, meter: null, state: null })}
            />
          ) : (
            <Empty title={TEXTS.empty} call={TEXTS.call}>
              {create}
            </Empty>
          )
        }
      />
    </>
  )
}
