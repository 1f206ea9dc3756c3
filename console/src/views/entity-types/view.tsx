import { Pencil, Plus } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import type { EntityType } from '../../../../src/api.gen.ts'
import { useAddresses, useAddressState } from '../../address-state.ts'
import { useSession } from '../../api/session.tsx'
import { useList } from '../../api/use-read.ts'
import { ArchiveButton } from '../../catalog/archive-button.tsx'
import { useEditInAddress } from '../../catalog/edit-in-address.ts'
import { useShortcuts } from '../../shell/keys.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { FilterSelect } from '../../ui/filter.tsx'
import { Page, Toolbar } from '../../ui/page.tsx'
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
      <>
        <Name name={displayName} id={id} /> {archivedAt && <Chip>archived</Chip>}
      </>
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

export function View() {
  const [isCreating, setCreating] = useState(false)
  const reason = useSession().whyNot('v1Beta.entityTypes.upsert')
  const create = () => setCreating(reason === null)
  useShortcuts([{ keys: 'n', label: 'New entity type', run: create }])
  const button = (look: 'primary' | 'normal') => (
    <Button look={look} icon={Plus} reason={reason} onClick={create}>
      New entity type
    </Button>
  )
  return (
    <Page title="Entity types" actions={button('primary')} lead={TEXTS.lead}>
      <IfPermitted id="v1Beta.entityTypes.list">
        <EntityTypes create={button('normal')} />
      </IfPermitted>
      {isCreating && <EntityTypeDialog former={null} onClose={() => setCreating(false)} />}
    </Page>
  )
}

function EntityTypes({ create }: { create: ReactNode }) {
  const addresses = useAddresses()
  const [isAll, change] = useAddressState(({ state }) => state === 'all')
  const { editing, open, close } = useEditInAddress()
  const list = useList('v1Beta.entityTypes.list', {
    query: isAll ? { includeArchived: 'true' } : {},
  })
  const edited = list.rows?.find(({ id }) => id === editing)
  return (
    <>
      <Toolbar>
        <FilterSelect
          label="State"
          value={isAll ? 'all' : 'active'}
          choices={[
            { value: 'active', label: 'active' },
            { value: 'all', label: 'active and archived' },
          ]}
          onChange={(state) => change({ state: state === 'all' ? state : null })}
        />
      </Toolbar>
      <ListTable
        label="Entity types"
        list={list}
        columns={COLUMNS}
        keyOf={({ id }) => id}
        toOf={({ id }) => addresses.entityTypes({ state: isAll ? 'all' : undefined, edit: id })}
        actions={({ id, displayName, archivedAt }) => (
          <>
            <IconButton
              size="small"
              icon={Pencil}
              label={`Edit ${displayName}`}
              onClick={() => open(id)}
            />
            <ArchiveButton
              isIcon
              name={displayName}
              isArchived={archivedAt !== null}
              archive={['v1Beta.entityTypes.archive', { body: { ids: [id] } }]}
              unarchive={['v1Beta.entityTypes.unarchive', { body: { ids: [id] } }]}
            />
          </>
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
