import type { Product, ProductUpdateProductRequestBody } from '../../../../src/api.gen.ts'
import { Meanwhile } from '../../activity/meanwhile.tsx'
import { EVENTS_OF } from '../../packages/events.ts'
import { NameAndDescription } from '../../packages/text-fields.tsx'
import { FormDialog } from '../../ui/form.tsx'
import { MetadataField, metadataChange, metadataRows } from '../../ui/metadata-field.tsx'
import { useForm } from '../../ui/use-form.ts'

/** The fields that are shown when somebody else has changed the product. */
const COMPARED = { displayName: 'Name', description: 'Description', metadata: 'Metadata' }

type Fields = ReturnType<typeof fieldsOf>

const fieldsOf = ({ displayName, description, metadata }: Product) => ({
  displayName,
  description: description ?? '',
  metadata: metadataRows(metadata),
})

/** The request that gives a product these values. `stored` are its labels before. */
const bodyOf = (fields: Fields, stored: Product['metadata']): ProductUpdateProductRequestBody => ({
  ...fields,
  metadata: metadataChange(fields.metadata, stored),
})

export function EditProduct(props: {
  product: Product
  etag: string | undefined
  onClose: () => void
}) {
  const { product, etag, onClose } = props
  const params = { id: product.id }
  const now = fieldsOf(product)
  const form = useForm('v1.products.updateProduct', {
    first: now,
    etag,
    requestOf: (fields) => ({ params, body: bodyOf(fields, product.metadata) }),
    doneText: ({ data }) => `${data.displayName} was changed.`,
    undo: ({ answer, send }) => send({ params, body: bodyOf(now, answer.data.metadata) }),
    onDone: onClose,
  })
  return (
    <FormDialog form={form} onClose={onClose} title="Edit product" description={product.id}>
      <Meanwhile
        error={form.refusal}
        objectId={product.id}
        types={EVENTS_OF.product}
        fields={form.compare(COMPARED)}
      />
      <NameAndDescription form={form} />
      <MetadataField {...form.bind('metadata')} />
    </FormDialog>
  )
}
