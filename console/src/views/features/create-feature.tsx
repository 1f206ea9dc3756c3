import { useNavigate } from '@tanstack/react-router'
import type {
  FeatureCreateFeatureRequestBody,
  FeatureEnumValue,
  FeatureType,
  MeterType,
} from '../../../../src/api.gen.ts'
import { useAddresses } from '../../address-state.ts'
import { EnumValuesField, enumValuesOf } from '../../catalog/enum-values-field.tsx'
import { METER_CHOICES, TYPE_CHOICES } from '../../catalog/feature-words.ts'
import { UnitNames } from '../../catalog/unit-names.tsx'
import { FieldRow, SelectField, TextArea, TextField } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form.tsx'
import { MetadataField, type MetadataRow, metadataChange } from '../../ui/metadata-field.tsx'
import { type Form, useForm } from '../../ui/use-form.ts'
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
  const navigate = useNavigate()
  const addresses = useAddresses()
  const form = useForm('v1.features.createFeature', {
    first: NOTHING,
    requestOf: (fields) => ({ body: bodyOf(fields) }),
    doneText: ({ data }) => `${data.displayName} was created.`,
    onDone: ({ data }) => {
      onClose()
      void navigate({ to: addresses.feature(data.id) })
    },
  })
  return (
    <FormDialog form={form} isOpen={isOpen} onClose={onClose} title="New feature" submit="Create">
      <FieldRow>
        <TextField {...form.bind('id')} label="Id" hint={TEXTS.idHint} isMono isFirst />
        <TextField {...form.bind('displayName')} label="Name" />
      </FieldRow>
      <TypeFields form={form} />
      <TextArea {...form.bind('description')} label="Description" rows={2} isOptional />
      <MetadataField {...form.bind('metadata')} />
    </FormDialog>
  )
}

/** What can be said depends on the type. */
function TypeFields({ form }: { form: Form<FeatureFields> }) {
  const { featureType } = form.fields
  const isNumber = featureType === 'NUMBER'
  return (
    <>
      <FieldRow>
        <SelectField {...form.bind('featureType')} label="Type" choices={TYPE_CHOICES} />
        {isNumber && (
          <SelectField {...form.bind('meterType')} label="Usage" choices={METER_CHOICES} />
        )}
      </FieldRow>
      {isNumber && (
        <UnitNames
          one={form.bind('featureUnits')}
          several={form.bind('featureUnitsPlural')}
          hasExample
        />
      )}
      {featureType === 'ENUM' && <EnumValuesField {...form.bind('values')} />}
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
