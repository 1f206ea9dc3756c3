import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { FeatureType, MeterType } from '../../../../src/api.gen.ts'
import { useAddresses } from '../../address-state.ts'
import { useWrite } from '../../api/use-write.ts'
import { type Choice, FieldRow, SelectField, TextArea, TextField } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form.tsx'
import { tell } from '../../ui/toast.tsx'

const TYPES: readonly Choice<FeatureType>[] = [
  { value: 'NUMBER', label: 'number: a limit or a plain number' },
  { value: 'BOOLEAN', label: 'switch: on or off' },
  { value: 'ENUM', label: 'choice: one or several values' },
]

const METERS: readonly Choice<MeterType>[] = [
  { value: 'INCREMENTAL', label: 'counted: usage adds up' },
  { value: 'FLUCTUATING', label: 'level: goes up and down, such as seats' },
  { value: 'None', label: 'not counted' },
]

type FeatureFields = {
  id: string
  displayName: string
  featureType: FeatureType
  meterType: MeterType
  unit: string
  units: string
  values: string
}

const NOTHING: FeatureFields = {
  id: '',
  displayName: '',
  featureType: 'NUMBER',
  meterType: 'INCREMENTAL',
  unit: '',
  units: '',
  values: '',
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
          hint="As your code names it. It cannot be changed later."
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
          choices={TYPES}
        />
        {isNumber && (
          <SelectField
            name="meterType"
            label="Usage"
            value={fields.meterType}
            onChange={(meterType) => set({ meterType })}
            choices={METERS}
          />
        )}
      </FieldRow>
      {isNumber && (
        <FieldRow>
          <TextField
            name="featureUnits"
            label="One unit"
            value={fields.unit}
            onChange={(unit) => set({ unit })}
            placeholder="token"
            isOptional
          />
          <TextField
            name="featureUnitsPlural"
            label="Several units"
            value={fields.units}
            onChange={(units) => set({ units })}
            placeholder="tokens"
            isOptional
          />
        </FieldRow>
      )}
      {fields.featureType === 'ENUM' && (
        <TextArea
          name="enumConfiguration"
          label="Values, one a line"
          value={fields.values}
          onChange={(values) => set({ values })}
          isMono
        />
      )}
    </>
  )
}

function bodyOf(fields: FeatureFields) {
  const { featureType } = fields
  const values = fields.values.split('\n').map((line) => line.trim())
  return {
    id: fields.id.trim(),
    displayName: fields.displayName,
    featureType,
    ...(featureType === 'NUMBER' && {
      meterType: fields.meterType,
      ...(fields.unit !== '' && { featureUnits: fields.unit }),
      ...(fields.units !== '' && { featureUnitsPlural: fields.units }),
    }),
    ...(featureType === 'ENUM' && {
      enumConfiguration: values
        .filter((value) => value !== '')
        .map((value) => ({ value, displayName: value })),
    }),
  }
}
