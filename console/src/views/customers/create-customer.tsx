import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useAddresses } from '../../address-state.ts'
import { useWrite } from '../../api/use-write.ts'
import { FieldRow, TextField } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form.tsx'
import { MetadataField, type MetadataRow, metadataChange } from '../../ui/metadata-field.tsx'
import { tell } from '../../ui/toast.tsx'

const NOTHING = { id: '', name: '', email: '' }

export function CreateCustomer({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const [fields, setFields] = useState(NOTHING)
  const [metadata, setMetadata] = useState<MetadataRow[]>([])
  const navigate = useNavigate()
  const addresses = useAddresses()
  const create = useWrite('v1.customers.provision', {
    onDone: ({ data }) => {
      setFields(NOTHING)
      setMetadata([])
      onClose()
      tell(`${data.name ?? data.id} was created.`)
      void navigate({ to: addresses.customer(data.id) })
    },
  })
  const set = (part: Partial<typeof NOTHING>) => setFields({ ...fields, ...part })
  const { id, name, email } = fields
  return (
    <FormDialog
      isOpen={isOpen}
      onClose={onClose}
      title="New customer"
      submit="Create"
      isBusy={create.isPending}
      error={create.error}
      reason={create.reason}
      onSubmit={() =>
        create.mutate({
          body: {
            id: id.trim(),
            ...(name !== '' && { name }),
            ...(email !== '' && { email }),
            ...(metadata.length > 0 && { metadata: metadataChange(metadata) }),
          },
        })
      }
    >
      <TextField
        name="id"
        label="Id"
        value={id}
        onChange={(value) => set({ id: value })}
        hint="As your own systems know it. It cannot be changed later."
        isMono
        isFirst
      />
      <FieldRow>
        <TextField
          name="name"
          label="Name"
          value={name}
          onChange={(value) => set({ name: value })}
          isOptional
        />
        <TextField
          name="email"
          label="E-mail for billing"
          type="email"
          value={email}
          onChange={(value) => set({ email: value })}
          isOptional
        />
      </FieldRow>
      <MetadataField rows={metadata} onChange={setMetadata} />
    </FormDialog>
  )
}
