import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type {
  FeatureCreateFeatureRequestBody,
  FeatureEnumValue,
  FeatureType,
  MeterType,
} from '../../../../src/api.gen.ts'
import { useAddresses } from '../../address-state.ts'
import { useWrite } from '../../api/use-write.ts'
import { EnumValuesField, enumValuesOf } from '../../catalog/enum-values-field.tsx'
import { METER_CHOICES, TYPE_CHOICES } from '../../catalog/feature-words.ts'
import { UnitNames } from '../../catalog/unit-names.tsx'
import { FieldRow, SelectField, TextArea, TextField } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form.tsx'
import { MetadataField, type MetadataRow, metadataChange } from '../../ui/metadata-field.tsx'
import { tell } from '../../ui/toast.tsx'
import { TEXTS } from './texts.ts'

type FeatureFields = {
  id: string
  displayName: string
  description: string
  featureType: FeatureType
  meterType: MeterType
  featureUnits: string
  featureUnitsPlural: string
  values: readonly FeatureEnumValue[]
  metadata: readonly MetadataRow[]
}

const NOTHING: FeatureFields = {
  id: '',
  displayName: '',
  description: '',
  featureType: 'NUMBER',
  meterType: 'INCREMENTAL',
  featureUnits: '',
  featureUnitsPlural: '',
  values: [],
  metadata: [],
}

export function CreateFeature({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const [fields, setFields] = useState(NOTHING)
  const set = (part: Partial<FeatureFields>) => setFields((all) => ({ ...all, ...part }))
  const navigate = useNavigate()
  const addresses = useAddresses()
  const create = useWrite('v1.features.createFeature', {
    onDone: ({ data }) => {
      setFields(NOTHING)
      onClose()
      tell(`${data.displayName} was created.`)
      void navigate({ to: addresses.feature(data.id) })
    },
  })
  return (
    <FormDialog
      isOpen={isOpen}
      onClose={onClose}
      title="New feature"
      submit="Create"
      isBusy={create.isPending}
      error={create.error}
      reason={create.reason}
      onSubmit={() => create.mutate({ body: bodyOf(fields) })}
    >
      <FieldRow>
        <TextField
          name="id"
          label="Id"
          value={fields.id}
          onChange={(id) => set({ id })}
          hint={TEXTS.idHint}
          isMono
          isFirst
        />
        <TextField
          name="displayName"
          label="Name"
          value={fields.displayName}
          onChange={(displayName) => set({ displayName })}
        />
      </FieldRow>
      <TypeFields fields={fields} set={set} />
      <TextArea
        name="description"
        label="Description"
        rows={2}
        value={fields.description}
        onChange={(description) => set({ description })}
        isOptional
      />
      <MetadataField
        rows={[...fields.metadata]}
        onChange={(metadata: MetadataRow[]) => set({ metadata })}
      />
    </FormDialog>
  )
}

/** What can be said depends on the type. */
function TypeFields(props: { fields: FeatureFields; set: (part: Partial<FeatureFields>) => void }) {
  const { fields, set } = props
  const isNumber = fields.featureType === 'NUMBER'
  return (
    <>
      <FieldRow>
        <SelectField
          name="featureType"
          label="Type"
          value={fields.featureType}
          onChange={(featureType) => set({ featureType })}
          choices={TYPE_CHOICES}
        />
        {isNumber && (
          <SelectField
            name="meterType"
            label="Usage"
            value={fields.meterType}
            onChange={(meterType) => set({ meterType })}
            choices={METER_CHOICES}
          />
        )}
      </FieldRow>
      {isNumber && (
        <UnitNames
          names={['featureUnits', 'featureUnitsPlural']}
          values={[fields.featureUnits, fields.featureUnitsPlural]}
          onOne={(featureUnits) => set({ featureUnits })}
          onSeveral={(featureUnitsPlural) => set({ featureUnitsPlural })}
          hasExample
        />
      )}
      {fields.featureType === 'ENUM' && (
        <EnumValuesField rows={fields.values} onChange={(values) => set({ values })} />
      )}
    </>
  )
}

function bodyOf(fields: FeatureFields): FeatureCreateFeatureRequestBody {
  const { featureType, description, featureUnits, featureUnitsPlural } = fields
  return {
    id: fields.id.trim(),
    displayName: fields.displayName,
    featureType,
    ...(description !== '' && { description }),
    ...(featureType === 'NUMBER' && {
      meterType: fields.meterType,
      ...(featureUnits !== '' && { featureUnits }),
      ...(featureUnitsPlural !== '' && { featureUnitsPlural }),
    }),
    ...(featureType === 'ENUM' && { enumConfiguration: enumValuesOf(fields.values) }),
    ...(fields.metadata.length > 0 && { metadata: metadataChange(fields.metadata) }),
  }
}
