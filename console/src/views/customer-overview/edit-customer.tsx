import type { Customer, CustomerUpdateRequestBody, Metadata } from '../../../../src/api.gen.ts'
import { Meanwhile } from '../../activity/meanwhile.tsx'
import { useCustomerRead } from '../../customer/customer-frame.tsx'
import { FieldRow, TextField } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form.tsx'
import { MetadataField, metadataChange, metadataRows } from '../../ui/metadata-field.tsx'
import { useForm } from '../../ui/use-form.ts'

type Fields = ReturnType<typeof fieldsOf>

const fieldsOf = (customer: Customer) => ({
  name: customer.name ?? '',
  email: customer.email ?? '',
  metadata: metadataRows(customer.metadata),
})

/** The request that gives a customer these values. `stored` are its labels before. */
const bodyOf = (
  { name, email, metadata }: Fields,
  stored: Metadata,
): CustomerUpdateRequestBody => ({
  name: name || null,
  email: email || null,
  metadata: metadataChange(metadata, stored),
})

export function EditCustomer({ onClose }: { onClose: () => void }) {
  const { customer, etag } = useCustomerRead()
  const params = { id: customer.id }
  const now = fieldsOf(customer)
  const form = useForm('v1.customers.update', {
    first: now,
    etag,
    requestOf: (fields) => ({ params, body: bodyOf(fields, customer.metadata) }),
    doneText: ({ data }) => `${data.name ?? data.id} was changed.`,
    undo: ({ answer, send }) => send({ params, body: bodyOf(now, answer.data.metadata) }),
    onDone: onClose,
  })
  return (
    <FormDialog form={form} onClose={onClose} title="Edit customer" description={customer.id}>
      <Meanwhile
        error={form.refusal}
        objectId={customer.id}
        customerId={customer.id}
        fields={form.compare({ name: 'Name', email: 'E-mail' })}
      />
      <FieldRow>
        <TextField {...form.bind('name')} label="Name" isOptional isFirst />
        <TextField {...form.bind('email')} label="E-mail for billing" type="email" isOptional />
      </FieldRow>
      <MetadataField {...form.bind('metadata')} />
    </FormDialog>
  )
}
