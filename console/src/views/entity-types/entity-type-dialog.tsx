import { useState } from 'react'
import type { EntityType } from '../../../../src/api.gen.ts'
import { CallError } from '../../api/errors.ts'
import { useRead } from '../../api/use-read.ts'
import { useWrite } from '../../api/use-write.ts'
import { ChipsField } from '../../ui/chips-field.tsx'
import { FieldRow, TextArea, TextField } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form.tsx'
import { tell } from '../../ui/toast.tsx'
import { TEXTS } from './texts.ts'

const fieldsOf = (type: EntityType | null) => ({
  id: type?.id ?? '',
  displayName: type?.displayName ?? '',
  description: type?.description ?? '',
  attributionKeys: type?.attributionKeys ?? [],
})

/** A new entity type, or the change of one. */
export function EntityTypeDialog(props: { former: EntityType | null; onClose: () => void }) {
  const { former, onClose } = props
  const [fields, setFields] = useState(() => fieldsOf(former))
  const set = (part: Partial<typeof fields>) => setFields((all) => ({ ...all, ...part }))
  const { save, taken, check } = useSave(former, onClose)
  return (
    <FormDialog
      isOpen
      onClose={onClose}
      title={former === null ? 'New entity type' : 'Edit entity type'}
      description={former?.id}
      submit={former === null ? 'Create' : 'Save'}
      isBusy={save.isPending}
      error={taken ?? save.error}
      reason={save.reason}
      note={former?.archivedAt ? TEXTS.unarchives : undefined}
      onSubmit={() => {
        const type = { ...fields, id: fields.id.trim() }
        if (check(type.id)) save.mutate({ body: { types: [type] } })
      }}
    >
      <FieldRow>
        {former === null && (
          <TextField
            name="id"
            label="Id"
            value={fields.id}
            onChange={(id) => set({ id })}
            hint={TEXTS.idHint}
            isMono
            isFirst
          />
        )}
        <TextField
          name="displayName"
          label="Name"
          value={fields.displayName}
          onChange={(displayName) => set({ displayName })}
          isFirst={former !== null}
        />
      </FieldRow>
      <ChipsField
        name="attributionKeys"
        label="Attribution keys"
        values={fields.attributionKeys}
        onChange={(attributionKeys) => set({ attributionKeys })}
        hint={former === null ? TEXTS.keysHint : `${TEXTS.keysHint} ${TEXTS.keysChanged}`}
        placeholder="teamId"
        isCommaEnd
        isOptional
      />
      <TextArea
        name="description"
        label="Description"
        rows={2}
        value={fields.description}
        onChange={(description) => set({ description })}
        isOptional
      />
    </FormDialog>
  )
}

/** The operation also replaces a type that exists, so a new one must not have a known id. */
function useSave(former: EntityType | null, onClose: () => void) {
  const [taken, setTaken] = useState<CallError | null>(null)
  const known = useRead(
    'v1Beta.entityTypes.list',
    { query: { includeArchived: 'true', limit: 100 } },
    { isOn: former === null },
  )
  const undo = useWrite('v1Beta.entityTypes.upsert')
  const archive = useWrite('v1Beta.entityTypes.archive')
  const save = useWrite('v1Beta.entityTypes.upsert', {
    onDone: ({ data: [type] }) => {
      onClose()
      const name = type?.displayName ?? ''
      if (former === null) tell(`${name} was created.`)
      else
        tell(`${name} was changed.`, async () => {
          await undo.mutateAsync({ body: { types: [fieldsOf(former)] } })
          if (former.archivedAt !== null) await archive.mutateAsync({ body: { ids: [former.id] } })
        })
    },
  })
  const check = (id: string): boolean => {
    const isTaken = former === null && known.data?.data.some((type) => type.id === id) === true
    setTaken(isTaken ? new CallError({ status: 409, message: TEXTS.taken(id), field: 'id' }) : null)
    return !isTaken
  }
  return { save, taken, check }
}
