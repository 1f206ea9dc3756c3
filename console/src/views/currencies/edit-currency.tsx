import type {
  CustomCurrency,
  CustomCurrencyUpdateRequestBody,
  Metadata,
} from '../../../../src/api.gen.ts'
import { useRead } from '../../api/use-read.ts'
import { FormDialog } from '../../ui/form.tsx'
import { metadataChange } from '../../ui/metadata-field.tsx'
import { Id, Name } from '../../ui/text.tsx'
import { useForm } from '../../ui/use-form.ts'
import { type CurrencyFields, CurrencyFieldset, fieldsOf, unitsOf } from './currency-fields.tsx'
import { TEXTS } from './texts.ts'

/** The request that gives a currency these values. `stored` are its labels before. */
function bodyOf(fields: CurrencyFields, stored: Metadata): CustomCurrencyUpdateRequestBody {
  const units = unitsOf(fields)
  return {
    displayName: fields.displayName,
    symbol: fields.symbol,
    description: fields.description,
    ...(units && { units }),
    metadata: metadataChange(fields.metadata, stored),
  }
}

export function EditCurrency(props: { currency: CustomCurrency; onClose: () => void }) {
  const { currency, onClose } = props
  const params = { currencyId: currency.id }
  const first = fieldsOf(currency)
  const form = useForm('v1.credits.customCurrencies.update', {
    first,
    requestOf: (fields) => ({ params, body: bodyOf(fields, currency.metadata) }),
    doneText: ({ data }) => `${data.displayName} was changed.`,
    undo: ({ answer, send }) => send({ params, body: bodyOf(first, answer.data.metadata) }),
    onDone: onClose,
  })
  return (
    <FormDialog
      form={form}
      onClose={onClose}
      title="Edit currency"
      description={currency.id}
      reason={currency.archivedAt === null ? null : TEXTS.archived}
    >
      <CurrencyFieldset form={form} isFirst />
      <UsedBy id={currency.id} />
    </FormDialog>
  )
}

/** The plans and add-ons that grant credits of the currency. */
function UsedBy({ id }: { id: string }) {
  const reading = useRead('v1.credits.customCurrencies.listAssociatedEntities', {
    params: { currencyId: id },
  })
  const users = reading.data?.data ?? []
  if (users.length === 0) return null
  return (
    <div>
      <h2>{TEXTS.usedBy}</h2>
      {users.map((user) => (
        <p key={`${user.type} ${user.id}`}>
          {user.type.toLowerCase()} <Name name={user.displayName} id={user.id} /> <Id>{user.id}</Id>
        </p>
      ))}
    </div>
  )
}
