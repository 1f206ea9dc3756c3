import { useState } from 'react'
import { Meanwhile, useTag } from '../../activity/meanwhile.tsx'
import { useWrite } from '../../api/use-write.ts'
import { useCustomerRead } from '../../customer/customer-frame.tsx'
import { FieldRow, TextField } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form.tsx'
import { MetadataField, metadataChange, metadataRows } from '../../ui/metadata-field.tsx'
import { tell } from '../../ui/toast.tsx'

export function EditCustomer({ onClose }: { onClose: () => void }) {
  const { customer, etag } = useCustomerRead()
  const [name, setName] = useState(customer.name ?? '')
  const [email, setEmail] = useState(customer.email ?? '')
  const [rows, setRows] = useState(metadataRows(customer.metadata))
  const params = { id: customer.id }
  const undo = useWrite('v1.customers.update')
  const update = useWrite('v1.customers.update', {
    onDone: ({ data }) => {
      onClose()
      tell(`${data.name ?? data.id} was changed.`, () =>
        undo.mutateAsync({
          params,
          body: {
            name: customer.name,
            email: customer.email,
            metadata: metadataChange(metadataRows(customer.metadata), data.metadata),
          },
        }),
      )
    },
  })
  const tag = useTag(etag, update.error)
  return (
    <FormDialog
      isOpen
      onClose={onClose}
      title="Edit customer"
      description={customer.id}
      submit="Save"
      isBusy={update.isPending}
      error={update.error}
      reason={update.reason}
      onSubmit={() =>
        update.mutate({
          params,
          ifMatch: tag,
          body: {
            name: name || null,
            email: email || null,
            metadata: metadataChange(rows, customer.metadata),
          },
        })
      }
    >
      <Meanwhile
        error={update.error}
        objectId={customer.id}
        customerId={customer.id}
        fields={[
          { label: 'Name', now: customer.name ?? '', typed: name },
          { label: 'E-mail', now: customer.email ?? '', typed: email },
        ]}
      />
      <FieldRow>
        <TextField name="name" label="Name" value={name} onChange={setName} isOptional isFirst />
        <TextField
          name="email"
          label="E-mail for billing"
          type="email"
          value={email}
          onChange={setEmail}
          isOptional
        />
      </FieldRow>
      <MetadataField rows={rows} onChange={setRows} />
    </FormDialog>
  )
}
