import { useState } from 'react'
import type { EntityType } from '../../../../src/api.gen.ts'
import { useWrite } from '../../api/use-write.ts'
import { FieldRow, TextArea, TextField } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form.tsx'
import { tell } from '../../ui/toast.tsx'

const fieldsOf = (type: EntityType | null) => ({
  id: type?.id ?? '',
  displayName: type?.displayName ?? '',
  description: type?.description ?? '',
  keys: type?.attributionKeys.join(', ') ?? '',
})

const bodyOf = ({ id, displayName, description, keys }: ReturnType<typeof fieldsOf>) => ({
  types: [
    {
      id: id.trim(),
      displayName,
      description,
      attributionKeys: keys
        .split(',')
        .map((key) => key.trim())
        .filter((key) => key !== ''),
    },
  ],
})

export function EditEntityType(props: { former: EntityType | null; onClose: () => void }) {
  const { former, onClose } = props
  const [fields, setFields] = useState(fieldsOf(former))
  const set = (part: Partial<typeof fields>) => setFields((all) => ({ ...all, ...part }))
  const undo = useWrite('v1Beta.entityTypes.upsert')
  const save = useWrite('v1Beta.entityTypes.upsert', {
    onDone: () => {
      onClose()
      const back =
        former === null ? undefined : () => undo.mutateAsync({ body: bodyOf(fieldsOf(former)) })
      tell(`${fields.displayName} was saved.`, back)
    },
  })
  return (
    <FormDialog
      isOpen
      onClose={onClose}
      title={former === null ? 'New entity type' : 'Edit entity type'}
      submit={former === null ? 'Create' : 'Save'}
      isBusy={save.isPending}
      error={save.error}
      reason={save.reason}
      onSubmit={() => save.mutate({ body: bodyOf(fields) })}
    >
      <FieldRow>
        {former === null && (
          <TextField
            name="id"
            label="Id"
            value={fields.id}
            onChange={(id) => set({ id })}
            placeholder="agent"
            isMono
            isFirst
          />
        )}
        <TextField
          name="displayName"
          label="Name"
          value={fields.displayName}
          onChange={(displayName) => set({ displayName })}
          placeholder="Agent"
          isFirst={former !== null}
        />
      </FieldRow>
      <TextField
        name="attributionKeys"
        label="Dimensions that name an entity of this type"
        value={fields.keys}
        onChange={(keys) => set({ keys })}
        placeholder="agentId"
        hint="With commas. Usage that is sent with one of these counts for the entity it names."
        isMono
        isOptional
      />
      <TextArea
        name="description"
        label="Description"
        value={fields.description}
        onChange={(description) => set({ description })}
        rows={2}
        isOptional
      />
    </FormDialog>
  )
}
