import type { ApiKey } from '../../../../src/api.gen.ts'
import { FormDialog } from '../../ui/form.tsx'
import { useForm } from '../../ui/use-form.ts'
import { TEXTS } from './texts.ts'

export function RevokeKey({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) {
  const form = useForm('v1.apiKeys.revoke', {
    first: {},
    requestOf: () => ({ params: { keyId: apiKey.id } }),
    doneText: () => `The key ${apiKey.name} was revoked.`,
    onDone: onClose,
  })
  return (
    <FormDialog
      form={form}
      onClose={onClose}
      title={`Revoke ${apiKey.name}?`}
      description={TEXTS.revoke}
      submit="Revoke"
      isDanger
    />
  )
}
