import type { CustomCurrency, CustomCurrencyUnits } from '../../../../src/api.gen.ts'
import { UnitNames } from '../../catalog/unit-names.tsx'
import { FieldRow, TextArea, TextField } from '../../ui/field.tsx'
import { MetadataField, type MetadataRow, metadataRows } from '../../ui/metadata-field.tsx'

/** A currency as it is typed, without its id. */
export type CurrencyFields = {
  displayName: string
  symbol: string
  singular: string
  plural: string
  description: string
  metadata: MetadataRow[]
}

export const fieldsOf = (currency: CustomCurrency | null): CurrencyFields => ({
  displayName: currency?.displayName ?? '',
  symbol: currency?.symbol ?? '',
  singular: currency?.units?.singular ?? '',
  plural: currency?.units?.plural ?? '',
  description: currency?.description ?? '',
  metadata: metadataRows(currency?.metadata ?? {}),
})

/** Null if no unit is named. A half-named one goes to the server, which says what is missing. */
export const unitsOf = ({ singular, plural }: CurrencyFields): CustomCurrencyUnits | null =>
  singular === '' && plural === '' ? null : { singular, plural }

export function CurrencyFieldset(props: {
  fields: CurrencyFields
  set: (part: Partial<CurrencyFields>) => void
  isFirst: boolean
}) {
  const { fields, set, isFirst } = props
  return (
    <>
      <FieldRow>
        <TextField
          name="displayName"
          label="Name"
          value={fields.displayName}
          onChange={(displayName) => set({ displayName })}
          isFirst={isFirst}
        />
        <TextField
          name="symbol"
          label="Symbol"
          value={fields.symbol}
          onChange={(symbol) => set({ symbol })}
          isOptional
        />
      </FieldRow>
      <UnitNames
        names={['units/singular', 'units/plural']}
        values={[fields.singular, fields.plural]}
        onOne={(singular) => set({ singular })}
        onSeveral={(plural) => set({ plural })}
        hasExample
      />
      <TextArea
        name="description"
        label="Description"
        rows={2}
        value={fields.description}
        onChange={(description) => set({ description })}
        isOptional
      />
      <MetadataField rows={fields.metadata} onChange={(metadata) => set({ metadata })} />
    </>
  )
}
