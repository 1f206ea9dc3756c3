import { Pencil, Plus } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import type { CustomCurrency } from '../../../../src/api.gen.ts'
import { useAddresses, useAddressState } from '../../address-state.ts'
import { useSession } from '../../api/session.tsx'
import { useList } from '../../api/use-read.ts'
import { ArchiveButton } from '../../catalog/archive-button.tsx'
import { useEditInAddress } from '../../catalog/edit-in-address.ts'
import { useShortcuts } from '../../shell/keys.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { FilterSelect } from '../../ui/filter.tsx'
import { Page, Toolbar } from '../../ui/page.tsx'
import { Empty, EmptyFiltered, IfPermitted } from '../../ui/states.tsx'
import { type Column, ListTable } from '../../ui/table.tsx'
import { Chip, Id, Name, None, Time } from '../../ui/text.tsx'
import { CreateCurrency } from './create-currency.tsx'
import { EditCurrency } from './edit-currency.tsx'
import { STATES, STATUSES, TEXTS } from './texts.ts'

const COLUMNS: readonly Column<CustomCurrency>[] = [
  {
    title: 'Name',
    cell: ({ id, displayName, archivedAt }) => (
      <>
        <Name name={displayName} id={id} /> {archivedAt && <Chip>archived</Chip>}
      </>
    ),
  },
  { title: 'Id', cell: ({ id }) => <Id>{id}</Id> },
  { title: 'Symbol', cell: ({ symbol }) => symbol ?? <None /> },
  {
    title: 'Units',
    cell: ({ units }) => (units ? `${units.singular}, ${units.plural}` : <None />),
    isSecondary: true,
  },
  {
    title: 'Description',
    cell: ({ description }) => description ?? <None />,
    isSecondary: true,
  },
  { title: 'Created', cell: ({ createdAt }) => <Time at={createdAt} />, isSecondary: true },
]

export function View() {
  const [isCreating, setCreating] = useState(false)
  const reason = useSession().whyNot('v1.credits.customCurrencies.create')
  const create = () => setCreating(reason === null)
  useShortcuts([{ keys: 'n', label: 'New currency', run: create }])
  const button = (look: 'primary' | 'normal') => (
    <Button look={look} icon={Plus} reason={reason} onClick={create}>
      New currency
    </Button>
  )
  return (
    <Page title="Currencies" actions={button('primary')} lead={TEXTS.lead}>
      <IfPermitted id="v1.credits.customCurrencies.list">
        <Currencies create={button('normal')} />
      </IfPermitted>
      <CreateCurrency isOpen={isCreating} onClose={() => setCreating(false)} />
    </Page>
  )
}

function Currencies({ create }: { create: ReactNode }) {
  const addresses = useAddresses()
  const [state, change] = useAddressState(
    (search) => STATES.find(({ value }) => value === search.state)?.value ?? 'active',
  )
  const { editing, open, close } = useEditInAddress()
  const list = useList('v1.credits.customCurrencies.list', {
    query: { status: [...STATUSES[state]] },
  })
  const edited = list.rows?.find(({ id }) => id === editing)
  return (
    <>
      <Toolbar>
        <FilterSelect
          label="State"
          value={state}
          choices={STATES}
          onChange={(value) => change({ state: value === 'active' ? null : value })}
        />
      </Toolbar>
      <ListTable
        label="Currencies"
        list={list}
        columns={COLUMNS}
        keyOf={({ id }) => id}
        toOf={({ id }) =>
          addresses.currencies({ state: state === 'active' ? undefined : state, edit: id })
        }
        actions={(currency) => <RowActions currency={currency} onEdit={open} />}
        empty={
          state === 'active' ? (
            <Empty title={TEXTS.empty} call={TEXTS.call}>
              {create}
            </Empty>
          ) : (
            <EmptyFiltered what="currency" onClear={() => change({ state: null })} />
          )
        }
      />
      {edited && <EditCurrency key={edited.id} currency={edited} onClose={close} />}
    </>
  )
}

function RowActions(props: { currency: CustomCurrency; onEdit: (id: string) => void }) {
  const { id, displayName, archivedAt } = props.currency
  const request = { params: { currencyId: id } }
  return (
    <>
      <IconButton
        size="small"
        icon={Pencil}
        label={`Edit ${displayName}`}
        onClick={() => props.onEdit(id)}
      />
      <ArchiveButton
        isIcon
        name={displayName}
        isArchived={archivedAt !== null}
        archive={['v1.credits.customCurrencies.archive', request]}
        unarchive={['v1.credits.customCurrencies.unarchive', request]}
      />
    </>
  )
}
