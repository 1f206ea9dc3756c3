import { useNavigate } from '@tanstack/react-router'
import { useAddresses } from '../address-state.ts'
import { FormDialog } from '../ui/form.tsx'
import { useForm } from '../ui/use-form.ts'
import { OPERATIONS } from './operations.ts'
import type { PackageState } from './state.ts'
import { TEXTS } from './texts.ts'

type Props = { state: PackageState; onClose: () => void }

/** Discards a draft. If nothing was ever published, nothing is left to be shown. */
export function DiscardDraft({ state, onClose }: Props) {
  const { kind, id, published, draft } = state
  const navigate = useNavigate()
  const addresses = useAddresses()
  const name = draft?.displayName ?? id
  const form = useForm(OPERATIONS[kind].removeDraft, {
    first: {},
    requestOf: () => ({ params: { id } }),
    doneText: () => `The draft of ${name} was discarded.`,
    onDone: () => {
      onClose()
      if (published === null && draft !== null)
        void navigate({ to: addresses.product(draft.productId) })
    },
  })
  return (
    <FormDialog
      form={form}
      onClose={onClose}
      title={`Discard the draft of ${name}?`}
      description={published === null ? TEXTS.discardAll : TEXTS.discard}
      submit="Discard"
      isDanger
    />
  )
}

export function ArchivePackage({ state, onClose }: Props) {
  const { kind, id, published, etag } = state
  const name = published?.displayName ?? id
  const form = useForm(OPERATIONS[kind].archive, {
    first: {},
    etag,
    requestOf: () => ({ params: { id } }),
    doneText: () => `${name} is archived.`,
    onDone: onClose,
  })
  return (
    <FormDialog
      form={form}
      onClose={onClose}
      title={`Archive ${name}?`}
      description={TEXTS.archive}
      submit="Archive"
      isDanger
    />
  )
}
