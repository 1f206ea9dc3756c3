import { useNavigate } from '@tanstack/react-router'
import type { CustomerProvisionRequestBody } from '../../../../src/api.gen.ts'
import { useAddresses } from '../../address-state.ts'
import { FieldRow, TextField } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form.tsx'
import { MetadataField, type MetadataRow, metadataChange } from '../../ui/metadata-field.tsx'
import { useForm } from '../../ui/use-form.ts'

type CustomerFields = { id: string; name: string; email: string; metadata: MetadataRow[] }

const NOTHING: CustomerFields = { id: '', name: '', email: '', metadata: [] }

export function CreateCustomer({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const navigate = useNavigate()
  const addresses = useAddresses()
  const form = useForm('v1.customers.provision', {
    first: NOTHING,
    requestOf: (fields) => ({ body: bodyOf(fields) }),
    doneText: ({ data }) => `${data.name ?? data.id} was created.`,
    onDone: ({ data }) => {
      onClose()
      void navigate({ to: addresses.customer(data.id) })
    },
  })
  return (
    <FormDialog form={form} isOpen={isOpen} onClose={onClose} title="New customer" submit="Create">
      <TextField
        {...form.bind('id')}
        label="Id"
        hint="As your own systems know it. It cannot be changed later."
        isMono
        isFirst
      />
      <FieldRow>
        <TextField {...form.bind('name')} label="Name" isOptional />
        <TextField {...form.bind('email')} label="E-mail for billing" type="email" isOptional />
      </FieldRow>
      <MetadataField {...form.bind('metadata')} />
    </FormDialog>
  )
}

function bodyOf({ id, name, email, metadata }: CustomerFields): CustomerProvisionRequestBody {
  return {
    id: id.trim(),
    ...(name !== '' && { name }),
    ...(email !== '' && { email }),
    ...(metadata.length > 0 && { metadata: metadataChange(metadata) }),
  }
}
