import type {
  Feature,
  FeatureUpdateFeatureRequestBody,
  RoundingMode,
} from '../../../../src/api.gen.ts'
import { Meanwhile } from '../../activity/meanwhile.tsx'
import { EnumValuesField, enumValuesOf } from '../../catalog/enum-values-field.tsx'
import { UnitNames } from '../../catalog/unit-names.tsx'
import { labelledChoices } from '../../ui/choices.ts'
import { CheckField, FieldRow, SelectField, TextArea, TextField } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form.tsx'
import { MetadataField, metadataChange, metadataRows } from '../../ui/metadata-field.tsx'
import { refuseNumber } from '../../ui/number.ts'
import { type Form, useForm } from '../../ui/use-form.ts'

const ROUNDINGS = labelledChoices<RoundingMode>({
  UP: 'up',
  DOWN: 'down',
})

/** The fields that are shown when somebody else has changed the feature. */
const COMPARED = {
  displayName: 'Name',
  description: 'Description',
  featureUnits: 'Unit',
  metadata: 'Metadata',
}

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
  const params = { id: feature.id }
  const now = fieldsOf(feature)
  const form = useForm('v1.features.updateFeature', {
    first: now,
    etag,
    check: ({ isTransformed, divide }) =>
      isTransformed ? refuseNumber('unitTransformation/divide', divide) : null,
    requestOf: (fields) => ({ params, body: bodyOf(feature, fields, feature.metadata) }),
    doneText: ({ data }) => `${data.displayName} was changed.`,
    undo: ({ answer, send }) => send({ params, body: bodyOf(feature, now, answer.data.metadata) }),
    onDone: onClose,
  })
  return (
    <FormDialog form={form} onClose={onClose} title="Edit feature" description={feature.id}>
      <Meanwhile error={form.refusal} objectId={feature.id} fields={form.compare(COMPARED)} />
      <TextField {...form.bind('displayName')} label="Name" isFirst />
      <TextArea {...form.bind('description')} label="Description" rows={2} isOptional />
      {feature.featureType === 'NUMBER' && <UnitFields form={form} />}
      {feature.featureType === 'ENUM' && <EnumValuesField {...form.bind('values')} />}
      <MetadataField {...form.bind('metadata')} />
    </FormDialog>
  )
}

function UnitFields({ form }: { form: Form<Fields> }) {
  return (
    <>
      <UnitNames one={form.bind('featureUnits')} several={form.bind('featureUnitsPlural')} />
      <CheckField
        {...form.bind('isTransformed')}
        label="Limits are in larger units"
        hint="Usage is divided before it is compared."
      />
      {form.fields.isTransformed && (
        <>
          <FieldRow>
            <TextField
              {...form.bind('divide', 'unitTransformation/divide')}
              label="Divide by"
              isNumber
            />
            <SelectField
              {...form.bind('round', 'unitTransformation/round')}
              label="Round"
              choices={ROUNDINGS}
            />
          </FieldRow>
          <UnitNames
            one={form.bind('unitOfLimits', 'unitTransformation/featureUnits')}
            several={form.bind('unitsOfLimits', 'unitTransformation/featureUnitsPlural')}
            unit="larger unit"
          />
        </>
      )}
    </>
  )
}
