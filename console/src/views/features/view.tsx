import type { ReactNode } from 'react'
import type { Feature } from '../../../../src/api.gen.ts'
import { type Search, useAddresses, useFilters } from '../../address-state.ts'
import { useList } from '../../api/use-read.ts'
import { METER_WORDS, TYPE_WORDS } from '../../catalog/feature-words.ts'
import { STATES, stateIn } from '../../catalog/state-filter.ts'
import { useOpener } from '../../shell/use-opener.tsx'
import { choiceIn } from '../../ui/choices.ts'
import { SearchField } from '../../ui/field.tsx'
import { FilterSelect } from '../../ui/filter.tsx'
import { Page, Toolbar } from '../../ui/page.tsx'
import { Empty, IfPermitted } from '../../ui/states.tsx'
import { type Column, ListTable } from '../../ui/table.tsx'
import { Id, Name, None, Time } from '../../ui/text.tsx'
import { CreateFeature } from './create-feature.tsx'
import { METERS, STATUSES, TEXTS, TYPES } from './texts.ts'

const COLUMNS: readonly Column<Feature>[] = [
  {
    title: 'Name',
    cell: ({ id, displayName, featureStatus }) => (
      <Name name={displayName} id={id} isArchived={featureStatus === 'SUSPENDED'} />
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

const filterOf = (search: Search) => ({
  id: search.id ?? '',
  type: choiceIn(TYPES, search.type, ''),
  meter: choiceIn(METERS, search.meter, ''),
  state: stateIn(search.state),
})

export function View() {
  const opener = useOpener('v1.features.createFeature', 'New feature')
  return (
    <Page title="Features" actions={opener.button()} lead={TEXTS.lead}>
      <IfPermitted id="v1.features.listFeatures">
        <FeatureList create={opener.button('normal')} />
      </IfPermitted>
      <CreateFeature isOpen={opener.isOpen} onClose={opener.close} />
    </Page>
  )
}

function FeatureList({ create }: { create: ReactNode }) {
  const addresses = useAddresses()
  const filters = useFilters(filterOf)
  const { id, type, meter, state } = filters.values
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
        <SearchField {...filters.bind('id')} label="Exact id" />
        <FilterSelect {...filters.bind('type')} label="Type" choices={TYPES} />
        <FilterSelect {...filters.bind('meter')} label="Usage" choices={METERS} />
        <FilterSelect {...filters.bind('state')} label="State" choices={STATES} />
      </Toolbar>
      <ListTable
        label="Features"
        list={list}
        columns={COLUMNS}
        toOf={(row) => addresses.feature(row.id)}
        historyOf={(row) => addresses.historyOf(row.id)}
        what="feature"
        filters={filters}
        empty={
          <Empty title={TEXTS.empty} call={TEXTS.call}>
            {create}
          </Empty>
        }
      />
    </>
  )
}
