import type { ApiKey } from '../../../../src/api.gen.ts'
import { useWrite } from '../../api/use-write.ts'
import { FormDialog } from '../../ui/form.tsx'
import { tell } from '../../ui/toast.tsx'
import { TEXTS } from './texts.ts'

export function RevokeKey({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) {
  const revoke = useWrite('v1.apiKeys.revoke', {
    onDone: () => {
      onClose()
      tell(`The key ${apiKey.name} was revoked.`)
    },
  })
  return (
    <FormDialog
      isOpen
      onClose={onClose}
      title={`Revoke ${apiKey.name}?`}
      description={TEXTS.revoke}
      submit="Revoke"
      isDanger
      isBusy={revoke.isPending}
      error={revoke.error}
      reason={revoke.reason}
      onSubmit={() => revoke.mutate({ params: { keyId: apiKey.id } })}
    >
      {null}
    </FormDialog>
  )
}
