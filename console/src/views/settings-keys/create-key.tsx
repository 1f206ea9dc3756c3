import { useState } from 'react'
import type { ApiKeyKind, ApiKeyWithSecret } from '../../../../src/api.gen.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog, DialogBody, DialogFoot } from '../../ui/dialog.tsx'
import { SelectField, TextField } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form.tsx'
import { Code } from '../../ui/page.tsx'
import { useForm } from '../../ui/use-form.ts'
import { KINDS, TEXTS } from './texts.ts'

const CHOICES = (Object.keys(KINDS) as ApiKeyKind[]).map((value) => ({
  value,
  label: `${value}: ${KINDS[value]}`,
}))

/** Makes a key, then shows its secret, once. */
export function CreateKey({ onClose }: { onClose: () => void }) {
  const [made, setMade] = useState<ApiKeyWithSecret | null>(null)
  const form = useForm('v1.apiKeys.create', {
    first: { name: '', kind: 'read-only' as ApiKeyKind },
    requestOf: (fields) => ({ body: fields }),
    next: ({ data }) => setMade(data),
  })
  if (made !== null) return <Secret made={made} onClose={onClose} />
  return (
    <FormDialog form={form} onClose={onClose} title="New API key" submit="Create">
      <TextField {...form.bind('name')} label="Name" isFirst />
      <SelectField {...form.bind('kind')} label="What it may do" choices={CHOICES} />
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
