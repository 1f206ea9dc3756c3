import { useNavigate } from '@tanstack/react-router'
import { useAddresses } from '../../address-state.ts'
import { Description, IdAndName } from '../../packages/text-fields.tsx'
import { CheckField } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form.tsx'
import { MetadataField, type MetadataRow, metadataChange } from '../../ui/metadata-field.tsx'
import { useForm } from '../../ui/use-form.ts'
import { TEXTS } from './texts.ts'

const NOTHING = {
  id: '',
  displayName: '',
  description: '',
  multipleSubscriptions: false,
  metadata: [] as readonly MetadataRow[],
}

export function CreateProduct({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const navigate = useNavigate()
  const addresses = useAddresses()
  const form = useForm('v1.products.createProduct', {
    first: NOTHING,
    requestOf: ({ id, description, metadata, ...fields }) => ({
      body: {
        ...fields,
        id: id.trim(),
        ...(description !== '' && { description }),
        ...(metadata.length > 0 && { metadata: metadataChange(metadata) }),
      },
    }),
    doneText: ({ data }) => `${data.displayName} was created.`,
    onDone: ({ data }) => {
      onClose()
      void navigate({ to: addresses.product(data.id) })
    },
  })
  return (
    <FormDialog form={form} isOpen={isOpen} onClose={onClose} title="New product" submit="Create">
      <IdAndName id={form.bind('id')} form={form} hint={TEXTS.idHint} />
      <Description form={form} />
      <CheckField
        {...form.bind('multipleSubscriptions')}
        label={TEXTS.several}
        hint={TEXTS.severalHint}
      />
      <MetadataField {...form.bind('metadata')} />
    </FormDialog>
  )
}
