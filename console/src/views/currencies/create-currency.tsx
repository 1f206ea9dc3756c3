import type { CustomCurrencyCreateRequestBody } from '../../../../src/api.gen.ts'
import { TextField } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form.tsx'
import { metadataChange } from '../../ui/metadata-field.tsx'
import { useForm } from '../../ui/use-form.ts'
import { type CurrencyFields, CurrencyFieldset, fieldsOf, unitsOf } from './currency-fields.tsx'
import { TEXTS } from './texts.ts'

const NOTHING = fieldsOf(null)

export function CreateCurrency({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const form = useForm('v1.credits.customCurrencies.create', {
    first: NOTHING,
    requestOf: (fields) => ({ body: bodyOf(fields) }),
    doneText: ({ data }) => `${data.displayName} was created.`,
    onDone: onClose,
  })
  return (
    <FormDialog form={form} isOpen={isOpen} onClose={onClose} title="New currency" submit="Create">
      <TextField {...form.bind('id')} label="Id" hint={TEXTS.idHint} isMono isFirst />
      <CurrencyFieldset form={form} isFirst={false} />
    </FormDialog>
  )
}

function bodyOf(fields: CurrencyFields): CustomCurrencyCreateRequestBody {
  const { id, displayName, symbol, description, metadata } = fields
  const units = unitsOf(fields)
  return {
    id: id.trim(),
    displayName,
    ...(symbol !== '' && { symbol }),
    ...(description !== '' && { description }),
    ...(units && { units }),
    ...(metadata.length > 0 && { metadata: metadataChange(metadata) }),
  }
}
