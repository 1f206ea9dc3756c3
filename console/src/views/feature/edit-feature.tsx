import { useState } from 'react'
import type { Feature } from '../../../../src/api.gen.ts'
import { useWrite } from '../../api/use-write.ts'
import { FieldRow, TextArea, TextField } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form.tsx'
import { MetadataField, metadataChange, metadataRows } from '../../ui/metadata-field.tsx'
import { tell } from '../../ui/toast.tsx'

const textsOf = (feature: Feature) => ({
  displayName: feature.displayName,
  description: feature.description ?? '',
  featureUnits: feature.featureUnits ?? '',
  featureUnitsPlural: feature.featureUnitsPlural ?? '',
})

export function EditFeature({ feature, onClose }: { feature: Feature; onClose: () => void }) {
  const [fields, setFields] = useState(textsOf(feature))
  const [rows, setRows] = useState(metadataRows(feature.metadata))
  const set = (part: Partial<typeof fields>) => setFields((all) => ({ ...all, ...part }))
  const params = { id: feature.id }
  const undo = useWrite('v1.features.updateFeature')
  const update = useWrite('v1.features.updateFeature', {
    onDone: ({ data }) => {
      onClose()
      const metadata = metadataChange(metadataRows(feature.metadata), data.metadata)
      tell(`${data.displayName} was changed.`, () =>
        undo.mutateAsync({ params, body: { ...textsOf(feature), metadata } }),
      )
    },
  })
  return (
    <FormDialog
      isOpen
      onClose={onClose}
      title="Edit feature"
      description={feature.id}
      submit="Save"
      isBusy={update.isPending}
      error={update.error}
      reason={update.reason}
      onSubmit={() =>
        update.mutate({
          params,
          body: { ...fields, metadata: metadataChange(rows, feature.metadata) },
        })
      }
    >
      <TextField
        name="displayName"
        label="Name"
        value={fields.displayName}
        onChange={(displayName) => set({ displayName })}
        isFirst
      />
      <TextArea
        name="description"
        label="Description"
        value={fields.description}
        onChange={(description) => set({ description })}
        isOptional
      />
      <FieldRow>
        <TextField
          name="featureUnits"
          label="One unit"
          value={fields.featureUnits}
          onChange={(featureUnits) => set({ featureUnits })}
          isOptional
        />
        <TextField
          name="featureUnitsPlural"
          label="Several units"
          value={fields.featureUnitsPlural}
          onChange={(featureUnitsPlural) => set({ featureUnitsPlural })}
          isOptional
        />
      </FieldRow>
      <MetadataField rows={rows} onChange={setRows} />
    </FormDialog>
  )
}
