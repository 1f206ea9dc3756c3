import { useNavigate } from '@tanstack/react-router'
import type { Product } from '../../../../src/api.gen.ts'
import { useAddresses } from '../../address-state.ts'
import { Description, IdAndName } from '../../packages/text-fields.tsx'
import { FormDialog } from '../../ui/form.tsx'
import { useForm } from '../../ui/use-form.ts'
import { TEXTS } from './texts.ts'

export function DuplicateProduct({ product, onClose }: { product: Product; onClose: () => void }) {
  const navigate = useNavigate()
  const addresses = useAddresses()
  const { displayName, description } = product
  const form = useForm('v1.products.duplicateProduct', {
    first: { targetId: '', displayName, description: description ?? '' },
    requestOf: ({ targetId, ...texts }) => ({
      params: { id: product.id },
      body: { ...texts, targetId: targetId.trim() },
    }),
    doneText: ({ data }) => `${data.displayName} was created.`,
    onDone: ({ data }) => {
      onClose()
      void navigate({ to: addresses.product(data.id) })
    },
  })
  return (
    <FormDialog
      form={form}
      onClose={onClose}
      title="Duplicate product"
      description={TEXTS.duplicate}
      submit="Duplicate"
    >
      <IdAndName
        id={form.bind('targetId')}
        form={form}
        label="Id of the copy"
        hint={TEXTS.targetHint}
      />
      <Description form={form} />
    </FormDialog>
  )
}
