import type { CustomCurrency, CustomCurrencyUnits } from '../../../../src/api.gen.ts'
import { UnitNames } from '../../catalog/unit-names.tsx'
import { FieldRow, TextArea, TextField } from '../../ui/field.tsx'
import { MetadataField, type MetadataRow, metadataRows } from '../../ui/metadata-field.tsx'
import type { Form } from '../../ui/use-form.ts'

/** A currency as it is typed. */
export type CurrencyFields = {
  id: string
  displayName: string
  symbol: string
  singular: string
  plural: string
  description: string
  metadata: MetadataRow[]
}

export const fieldsOf = (currency: CustomCurrency | null): CurrencyFields => ({
  id: currency?.id ?? '',
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

/** All that can be changed of a currency. */
export function CurrencyFieldset(props: { form: Form<CurrencyFields>; isFirst: boolean }) {
  const { form, isFirst } = props
  return (
    <>
      <FieldRow>
        <TextField {...form.bind('displayName')} label="Name" isFirst={isFirst} />
        <TextField {...form.bind('symbol')} label="Symbol" isOptional />
      </FieldRow>
      <UnitNames
        one={form.bind('singular', 'units/singular')}
        several={form.bind('plural', 'units/plural')}
        hasExample
      />
      <TextArea {...form.bind('description')} label="Description" rows={2} isOptional />
      <MetadataField {...form.bind('metadata')} />
    </>
  )
}
