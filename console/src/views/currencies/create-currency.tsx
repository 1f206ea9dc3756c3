import { useState } from 'react'
import { useWrite } from '../../api/use-write.ts'
import { TextField } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form.tsx'
import { metadataChange } from '../../ui/metadata-field.tsx'
import { tell } from '../../ui/toast.tsx'
import { CurrencyFieldset, fieldsOf, unitsOf } from './currency-fields.tsx'
import { TEXTS } from './texts.ts'

const NOTHING = { id: '', ...fieldsOf(null) }

export function CreateCurrency({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const [fields, setFields] = useState(NOTHING)
  const set = (part: Partial<typeof fields>) => setFields((all) => ({ ...all, ...part }))
  const create = useWrite('v1.credits.customCurrencies.create', {
    onDone: ({ data }) => {
      setFields(NOTHING)
      onClose()
      tell(`${data.displayName} was created.`)
    },
  })
  const { id, displayName, symbol, description, metadata } = fields
  const units = unitsOf(fields)
  return (
    <FormDialog
      isOpen={isOpen}
      onClose={onClose}
      title="New currency"
      submit="Create"
      isBusy={create.isPending}
      error={create.error}
      reason={create.reason}
      onSubmit={() =>
        create.mutate({
          body: {
            id: id.trim(),
            displayName,
            ...(symbol !== '' && { symbol }),
            ...(description !== '' && { description }),
            ...(units && { units }),
            ...(metadata.length > 0 && { metadata: metadataChange(metadata) }),
          },
        })
      }
    >
      <TextField
        name="id"
        label="Id"
        value={id}
        onChange={(text) => set({ id: text })}
        hint={TEXTS.idHint}
        isMono
        isFirst
      />
      <CurrencyFieldset fields={fields} set={set} isFirst={false} />
    </FormDialog>
  )
}
