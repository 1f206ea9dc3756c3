import { useState } from 'react'
import type { ApiKeyKind, ApiKeyWithSecret } from '../../../../src/api.gen.ts'
import { useWrite } from '../../api/use-write.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog, DialogBody, DialogFoot } from '../../ui/dialog.tsx'
import { SelectField, TextField } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form.tsx'
import { Code } from '../../ui/page.tsx'
import { KINDS, TEXTS } from './texts.ts'

const CHOICES = (Object.keys(KINDS) as ApiKeyKind[]).map((value) => ({
  value,
  label: `${value}: ${KINDS[value]}`,
}))

/** Makes a key, then shows its secret, once. */
export function CreateKey({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('')
  const [kind, setKind] = useState<ApiKeyKind>('read-only')
  const [made, setMade] = useState<ApiKeyWithSecret | null>(null)
  const create = useWrite('v1.apiKeys.create', { onDone: ({ data }) => setMade(data) })
  if (made !== null) return <Secret made={made} onClose={onClose} />
  return (
    <FormDialog
      isOpen
      onClose={onClose}
      title="New API key"
      submit="Create"
      isBusy={create.isPending}
      error={create.error}
      reason={create.reason}
      onSubmit={() => create.mutate({ body: { name, kind } })}
    >
      <TextField name="name" label="Name" value={name} onChange={setName} isFirst />
      <SelectField
        name="kind"
        label="What it may do"
        value={kind}
        onChange={setKind}
        choices={CHOICES}
      />
    </FormDialog>
  )
}

function Secret({ made, onClose }: { made: ApiKeyWithSecret; onClose: () => void }) {
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={`The key ${made.name}`}
      description={made.secret === null ? TEXTS.gone : TEXTS.once}
    >
      <DialogBody>{made.secret !== null && <Code text={made.secret} label="Copy" />}</DialogBody>
      <DialogFoot>
        <Button look="primary" onClick={onClose}>
          Done
        </Button>
      </DialogFoot>
    </Dialog>
  )
}
