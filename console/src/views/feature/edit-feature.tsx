import { useState } from 'react'
import type {
  Feature,
  FeatureUpdateFeatureRequestBody,
  RoundingMode,
} from '../../../../src/api.gen.ts'
import { Meanwhile, useTag } from '../../activity/meanwhile.tsx'
import { useWrite } from '../../api/use-write.ts'
import { EnumValuesField, enumValuesOf } from '../../catalog/enum-values-field.tsx'
import { UnitNames } from '../../catalog/unit-names.tsx'
import { CheckField, FieldRow, SelectField, TextArea, TextField } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form.tsx'
import { MetadataField, metadataChange, metadataRows } from '../../ui/metadata-field.tsx'
import { tell } from '../../ui/toast.tsx'

type Fields = ReturnType<typeof fieldsOf>

const fieldsOf = (feature: Feature) => {
  const unit = feature.unitTransformation
  return {
    displayName: feature.displayName,
    description: feature.description ?? '',
    featureUnits: feature.featureUnits ?? '',
    featureUnitsPlural: feature.featureUnitsPlural ?? '',
    values: feature.enumConfiguration ?? [],
    isTransformed: unit !== null,
    divide: String(unit?.divide ?? 1000),
    round: unit?.round ?? ('UP' as RoundingMode),
    unitOfLimits: unit?.featureUnits ?? '',
    unitsOfLimits: unit?.featureUnitsPlural ?? '',
    metadata: metadataRows(feature.metadata),
  }
}

/** The request that gives a feature these values. `stored` are its labels before. */
function bodyOf(
  { featureType }: Feature,
  fields: Fields,
  stored: Feature['metadata'],
): FeatureUpdateFeatureRequestBody {
  return {
    displayName: fields.displayName,
    description: fields.description,
    ...(featureType === 'NUMBER' && {
      featureUnits: fields.featureUnits,
      featureUnitsPlural: fields.featureUnitsPlural,
      unitTransformation: fields.isTransformed
        ? {
            divide: Number(fields.divide),
            round: fields.round,
            ...(fields.unitOfLimits !== '' && { featureUnits: fields.unitOfLimits }),
            ...(fields.unitsOfLimits !== '' && { featureUnitsPlural: fields.unitsOfLimits }),
          }
        : null,
    }),
    ...(featureType === 'ENUM' && { enumConfiguration: enumValuesOf(fields.values) }),
    metadata: metadataChange(fields.metadata, stored),
  }
}

export function EditFeature(props: {
  feature: Feature
  etag: string | undefined
  onClose: () => void
}) {
  const { feature, etag, onClose } = props
  const [fields, setFields] = useState(() => fieldsOf(feature))
  const set = (part: Partial<Fields>) => setFields((all) => ({ ...all, ...part }))
  const params = { id: feature.id }
  const undo = useWrite('v1.features.updateFeature')
  const update = useWrite('v1.features.updateFeature', {
    onDone: ({ data }) => {
      onClose()
      tell(`${data.displayName} was changed.`, () =>
        undo.mutateAsync({ params, body: bodyOf(feature, fieldsOf(feature), data.metadata) }),
      )
    },
  })
  const tag = useTag(etag, update.error)
  const now = fieldsOf(feature)
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
        update.mutate({ params, ifMatch: tag, body: bodyOf(feature, fields, feature.metadata) })
      }
    >
      <Meanwhile
        error={update.error}
        objectId={feature.id}
        fields={[
          { label: 'Name', now: now.displayName, typed: fields.displayName },
          { label: 'Description', now: now.description, typed: fields.description },
          { label: 'Unit', now: now.featureUnits, typed: fields.featureUnits },
          { label: 'Labels', now: now.metadata, typed: fields.metadata },
        ]}
      />
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
        rows={2}
        value={fields.description}
        onChange={(description) => set({ description })}
        isOptional
      />
      {feature.featureType === 'NUMBER' && <UnitFields fields={fields} set={set} />}
      {feature.featureType === 'ENUM' && (
        <EnumValuesField rows={fields.values} onChange={(values) => set({ values })} />
      )}
      <MetadataField rows={fields.metadata} onChange={(metadata) => set({ metadata })} />
    </FormDialog>
  )
}

function UnitFields({ fields, set }: { fields: Fields; set: (part: Partial<Fields>) => void }) {
  return (
    <>
      <UnitNames
        names={['featureUnits', 'featureUnitsPlural']}
        values={[fields.featureUnits, fields.featureUnitsPlural]}
        onOne={(featureUnits) => set({ featureUnits })}
        onSeveral={(featureUnitsPlural) => set({ featureUnitsPlural })}
      />
      <CheckField
        label="Limits are in larger units"
        hint="Usage is divided before it is compared."
        isOn={fields.isTransformed}
        onChange={(isTransformed) => set({ isTransformed })}
      />
      {fields.isTransformed && (
        <>
          <FieldRow>
            <TextField
              name="unitTransformation/divide"
              label="Divide by"
              value={fields.divide}
              onChange={(divide) => set({ divide })}
              isNumber
            />
            <SelectField
              name="unitTransformation/round"
              label="Round"
              value={fields.round}
              onChange={(round) => set({ round })}
              choices={[
                { value: 'UP', label: 'up' },
                { value: 'DOWN', label: 'down' },
              ]}
            />
          </FieldRow>
          <UnitNames
            names={['unitTransformation/featureUnits', 'unitTransformation/featureUnitsPlural']}
            values={[fields.unitOfLimits, fields.unitsOfLimits]}
            onOne={(unitOfLimits) => set({ unitOfLimits })}
            onSeveral={(unitsOfLimits) => set({ unitsOfLimits })}
            unit="larger unit"
          />
        </>
      )}
    </>
  )
}
