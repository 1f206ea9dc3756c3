import { Archive, ArchiveRestore, Pencil, Plus } from 'lucide-react'
import { useState } from 'react'
import type { EntityType } from '../../../../src/api.gen.ts'
import { useAddressState } from '../../address-state.ts'
import { useSession } from '../../api/session.tsx'
import { useList } from '../../api/use-read.ts'
import { useWrite } from '../../api/use-write.ts'
import { useShortcuts } from '../../shell/keys.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { CheckField } from '../../ui/field.tsx'
import { Page, Toolbar } from '../../ui/page.tsx'
import { Empty } from '../../ui/states.tsx'
import { type Column, ListTable } from '../../ui/table.tsx'
import { Chip, Id, Name, None, Time } from '../../ui/text.tsx'
import { tell } from '../../ui/toast.tsx'
import { EditEntityType } from './edit-entity-type.tsx'

const COLUMNS: readonly Column<EntityType>[] = [
  {
    title: 'Name',
    cell: ({ id, displayName, archivedAt }) => (
      <>
        <Name name={displayName} id={id} /> {archivedAt && <Chip>archived</Chip>}
      </>
    ),
  },
  { title: 'Id', cell: ({ id }) => <Id>{id}</Id> },
  {
    title: 'Named by',
    cell: ({ attributionKeys }) =>
      attributionKeys.length === 0 ? (
        <None>no dimension</None>
      ) : (
        attributionKeys.map((key) => (
          <Chip key={key} isMono>
            {key}
          </Chip>
        ))
      ),
  },
  {
    title: 'Description',
    cell: ({ description }) => description ?? <None />,
    isSecondary: true,
  },
  { title: 'Created', cell: ({ createdAt }) => <Time at={createdAt} />, isSecondary: true },
]

export function View() {
  const [isWithArchived, change] = useAddressState(({ archived }) => archived === 'true')
  const [editing, setEditing] = useState<EntityType | 'new' | null>(null)
  const reason = useSession().whyNot('v1Beta.entityTypes.upsert')
  useShortcuts([
    { keys: 'n', label: 'New entity type', run: () => reason === null && setEditing('new') },
  ])
  const list = useList('v1Beta.entityTypes.list', {
    query: isWithArchived ? { includeArchived: 'true' } : {},
  })
  const create = (
    <Button look="primary" icon={Plus} reason={reason} onClick={() => setEditing('new')}>
      New entity type
    </Button>
  )
  return (
    <Page
      title="Entity types"
      actions={create}
      lead="Kinds of entities that can have budgets, such as team, user or agent."
    >
      <Toolbar>
        <CheckField
          label="Archived, too"
          isOn={isWithArchived}
          onChange={(isOn) => change({ archived: isOn ? 'true' : null })}
        />
      </Toolbar>
      <ListTable
        label="Entity types"
        list={list}
        columns={COLUMNS}
        keyOf={({ id }) => id}
        actions={(type) => (
          <>
            <IconButton
              label={`Edit ${type.displayName}`}
              icon={Pencil}
              size="small"
              reason={reason}
              onClick={() => setEditing(type)}
            />
            <ArchiveButton type={type} />
          </>
        )}
        empty={
          <Empty title="No entity types yet." call="PUT /api/v1/entity-types">
            {create}
          </Empty>
        }
      />
      {editing !== null && (
        <EditEntityType
          former={editing === 'new' ? null : editing}
          onClose={() => setEditing(null)}
        />
      )}
    </Page>
  )
}

function ArchiveButton({ type }: { type: EntityType }) {
  const request = { body: { ids: [type.id] } }
  const unarchive = useWrite('v1Beta.entityTypes.unarchive', {
    onDone: () => tell(`${type.displayName} is active again.`),
  })
  const archive = useWrite('v1Beta.entityTypes.archive', {
    onDone: () => tell(`${type.displayName} is archived.`, () => unarchive.mutateAsync(request)),
  })
  const [write, label, icon] =
    type.archivedAt === null
      ? ([archive, 'Archive', Archive] as const)
      : ([unarchive, 'Unarchive', ArchiveRestore] as const)
  return (
    <IconButton
      label={`${label} ${type.displayName}`}
      icon={icon}
      size="small"
      reason={write.reason}
      isBusy={write.isPending}
      onClick={() => write.mutate(request, { onError: ({ message }) => tell(message) })}
    />
  )
}
