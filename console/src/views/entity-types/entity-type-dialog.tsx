import type { EntityType } from '../../../../src/api.gen.ts'
import { useRead } from '../../api/use-read.ts'
import { useWrite } from '../../api/use-write.ts'
import { ChipsField } from '../../ui/chips-field.tsx'
import { FieldRow, TextArea, TextField } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form.tsx'
import { useForm } from '../../ui/use-form.ts'
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
  const form = useTypeForm(former, onClose)
  return (
    <FormDialog
      form={form}
      onClose={onClose}
      title={former === null ? 'New entity type' : 'Edit entity type'}
      description={former?.id}
      submit={former === null ? 'Create' : 'Save'}
      note={former?.archivedAt ? TEXTS.unarchives : undefined}
    >
      <FieldRow>
        {former === null && (
          <TextField {...form.bind('id')} label="Id" hint={TEXTS.idHint} isMono isFirst />
        )}
        <TextField {...form.bind('displayName')} label="Name" isFirst={former !== null} />
      </FieldRow>
      <ChipsField
        {...form.bind('attributionKeys')}
        label="Attribution keys"
        hint={former === null ? TEXTS.keysHint : `${TEXTS.keysHint} ${TEXTS.keysChanged}`}
        placeholder="teamId"
        isCommaEnd
        isOptional
      />
      <TextArea {...form.bind('description')} label="Description" rows={2} isOptional />
    </FormDialog>
  )
}

/** The operation also replaces a type that exists, so a new one must not have a known id. */
function useTypeForm(former: EntityType | null, onClose: () => void) {
  const known = useRead(
    'v1Beta.entityTypes.list',
    { query: { includeArchived: 'true', limit: 100 } },
    { isOn: former === null },
  )
  const archive = useWrite('v1Beta.entityTypes.archive')
  return useForm('v1Beta.entityTypes.upsert', {
    first: fieldsOf(former),
    requestOf: (fields) => ({ body: { types: [{ ...fields, id: fields.id.trim() }] } }),
    check: (fields) => {
      const id = fields.id.trim()
      const isTaken = former === null && known.data?.data.some((type) => type.id === id)
      return isTaken ? { field: 'id', message: TEXTS.taken(id) } : null
    },
    doneText: (_, { displayName }) =>
      former === null ? `${displayName} was created.` : `${displayName} was changed.`,
    undo:
      former &&
      (async ({ send }) => {
        await send({ body: { types: [fieldsOf(former)] } })
        if (former.archivedAt !== null) await archive.mutateAsync({ body: { ids: [former.id] } })
      }),
    onDone: onClose,
  })
}
