import type { ReactNode } from 'react'
import type { EntityType } from '../../../../src/api.gen.ts'
import { type Search, useAddresses, useFilters } from '../../address-state.ts'
import { useList } from '../../api/use-read.ts'
import { useEditInAddress } from '../../catalog/edit-in-address.ts'
import { RowActions } from '../../catalog/row-actions.tsx'
import { useOpener } from '../../shell/use-opener.tsx'
import { choiceIn, labelledChoices } from '../../ui/choices.ts'
import { StateToolbar } from '../../ui/filter.tsx'
import { Page } from '../../ui/page.tsx'
import { Empty, IfPermitted } from '../../ui/states.tsx'
import { type Column, ListTable } from '../../ui/table.tsx'
import { Chip, Id, Name, None, Time } from '../../ui/text.tsx'
import { EntityTypeDialog } from './entity-type-dialog.tsx'
import { TEXTS } from './texts.ts'
import styles from './view.module.css'

const COLUMNS: readonly Column<EntityType>[] = [
  {
    title: 'Name',
    cell: ({ id, displayName, archivedAt }) => (
      <Name name={displayName} id={id} isArchived={archivedAt !== null} />
    ),
  },
  { title: 'Id', cell: ({ id }) => <Id>{id}</Id>, isSecondary: true },
  {
    title: 'Attribution keys',
    cell: ({ attributionKeys }) =>
      attributionKeys.length === 0 ? (
        <None>{TEXTS.noKeys}</None>
      ) : (
        <span className={styles.keys}>
          {attributionKeys.map((key) => (
            <Chip key={key} isMono>
              {key}
            </Chip>
          ))}
        </span>
      ),
  },
  {
    title: 'Description',
    cell: ({ description }) => description ?? <None />,
    isSecondary: true,
  },
  { title: 'Changed', cell: ({ updatedAt }) => <Time at={updatedAt} />, isSecondary: true },
]

const STATES = labelledChoices({ active: 'active', all: 'active and archived' })

const filterOf = ({ state }: Search) => ({ state: choiceIn(STATES, state, 'active') })

export function View() {
  const opener = useOpener('v1Beta.entityTypes.upsert', 'New entity type')
  return (
    <Page title="Entity types" actions={opener.button()} lead={TEXTS.lead}>
      <IfPermitted id="v1Beta.entityTypes.list">
        <EntityTypes create={opener.button('normal')} />
      </IfPermitted>
      {opener.isOpen && <EntityTypeDialog former={null} onClose={opener.close} />}
    </Page>
  )
}

function EntityTypes({ create }: { create: ReactNode }) {
  const addresses = useAddresses()
  const filters = useFilters(filterOf)
  const list = useList('v1Beta.entityTypes.list', {
    query: filters.isSet ? { includeArchived: 'true' } : {},
  })
  const { edited, open, close } = useEditInAddress(list.rows)
  return (
    <>
      <StateToolbar {...filters.bind('state')} choices={STATES} />
      <ListTable
        label="Entity types"
        list={list}
        columns={COLUMNS}
        toOf={({ id }) =>
          addresses.entityTypes({ state: filters.isSet ? 'all' : undefined, edit: id })
        }
        actions={({ id, displayName, archivedAt }) => (
          <RowActions
            name={displayName}
            isArchived={archivedAt !== null}
            archive={['v1Beta.entityTypes.archive', { body: { ids: [id] } }]}
            unarchive={['v1Beta.entityTypes.unarchive', { body: { ids: [id] } }]}
            onEdit={() => open(id)}
          />
        )}
        empty={
          <Empty title={TEXTS.empty} call={TEXTS.call}>
            {create}
          </Empty>
        }
      />
      {edited && <EntityTypeDialog key={edited.id} former={edited} onClose={close} />}
    </>
  )
}
