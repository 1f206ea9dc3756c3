import { Archive, ArchiveRestore } from 'lucide-react'
import { useState } from 'react'
import type { Product } from '../../../../src/api.gen.ts'
import { useSession } from '../../api/session.tsx'
import { useWrite } from '../../api/use-write.ts'
import { Button } from '../../ui/button.tsx'
import { FormDialog } from '../../ui/form.tsx'
import { tell } from '../../ui/toast.tsx'
import { useForm } from '../../ui/use-form.ts'
import { TEXTS } from './texts.ts'

type Props = { product: Product; etag: string | undefined }

/** Archives a product, which asks because drafts are lost, or takes it back. */
export function ArchiveProduct({ product, etag }: Props) {
  const [isOpen, setOpen] = useState(false)
  const mayNot = useSession().whyNot('v1.products.archiveProduct')
  const back = useWrite('v1.products.unarchiveProduct')
  const unarchive = () =>
    back.mutate(
      { params: { id: product.id } },
      {
        onError: ({ message }) => tell(message),
        onSuccess: () => tell(`${product.displayName} is active again.`),
      },
    )
  if (product.status === 'ARCHIVED')
    return (
      <Button
        size="small"
        icon={ArchiveRestore}
        reason={back.reason}
        isBusy={back.isPending}
        onClick={unarchive}
      >
        Unarchive
      </Button>
    )
  return (
    <>
      <Button size="small" icon={Archive} reason={mayNot} onClick={() => setOpen(true)}>
        Archive
      </Button>
      {isOpen && <Question product={product} etag={etag} onClose={() => setOpen(false)} />}
    </>
  )
}

function Question({ product, etag, onClose }: Props & { onClose: () => void }) {
  const form = useForm('v1.products.archiveProduct', {
    first: {},
    etag,
    requestOf: () => ({ params: { id: product.id } }),
    doneText: () => `${product.displayName} is archived.`,
    onDone: onClose,
  })
  return (
    <FormDialog
      form={form}
      onClose={onClose}
      title={`Archive ${product.displayName}?`}
      description={TEXTS.archive}
      submit="Archive"
      isDanger
    />
  )
}
