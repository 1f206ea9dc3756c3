import { Plus } from 'lucide-react'
import { useState } from 'react'
import type { Feature } from '../../../../src/api.gen.ts'
import { Meanwhile, useTag } from '../../activity/meanwhile.tsx'
import { useWrite } from '../../api/use-write.ts'
import { Button } from '../../ui/button.tsx'
import { FieldRow, SelectField, TextField } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form.tsx'
import { tell } from '../../ui/toast.tsx'
import { FilterFields } from './filter-fields.tsx'
import {
  draftOf,
  eventIn,
  type MeterDraft,
  meterOf,
  NEW_CONDITION,
  sampleFor,
} from './meter-draft.ts'
import { Sample } from './sample.tsx'
import { FUNCTIONS, TEXTS } from './texts.ts'

/** Which events count, and how. A sample event shows at once what becomes of it. */
export function EditMeter(props: {
  feature: Feature
  etag: string | undefined
  onClose: () => void
}) {
  const { feature, etag, onClose } = props
  const former = feature.meter
  const [draft, setDraft] = useState(() => draftOf(former))
  const [typed, setTyped] = useState<string | null>(null)
  const set = (part: Partial<MeterDraft>) => setDraft((all) => ({ ...all, ...part }))
  const meter = meterOf(draft)
  const sample = typed ?? JSON.stringify(sampleFor(meter), null, 2)
  const event = eventIn(sample)
  const params = { id: feature.id }
  const undo = useWrite('v1.features.updateFeature')
  const update = useWrite('v1.features.updateFeature', {
    onDone: () => {
      onClose()
      const back = former && (() => undo.mutateAsync({ params, body: { meter: former } }))
      tell(`The meter of ${feature.displayName} was saved.`, back ?? undefined)
    },
  })
  const { filters } = draft
  const tag = useTag(etag, update.error)
  return (
    <FormDialog
      isOpen
      isWide
      onClose={onClose}
      title={former ? 'Edit the meter' : 'Add a meter'}
      description={former ? TEXTS.meterNote : TEXTS.firstMeter}
      submit={former ? 'Save' : 'Add'}
      isBusy={update.isPending}
      error={update.error}
      reason={update.reason}
      onSubmit={() => update.mutate({ params, ifMatch: tag, body: { meter } })}
    >
      <Meanwhile
        error={update.error}
        objectId={feature.id}
        fields={[{ label: 'Meter', now: feature.meter, typed: meter }]}
      />
      <FieldRow>
        <SelectField
          name="meter/aggregation/function"
          label="Usage is the"
          value={draft.function}
          onChange={(value) => set({ function: value })}
          choices={FUNCTIONS}
        />
        {draft.function !== 'COUNT' && (
          <TextField
            name="meter/aggregation/field"
            label="Dimension"
            value={draft.field}
            onChange={(field) => set({ field })}
            isMono
          />
        )}
      </FieldRow>
      {filters.map((conditions, at) => (
        <FilterFields
          // biome-ignore lint/suspicious/noArrayIndexKey: a filter has no identity but its place
          key={at}
          at={at}
          conditions={conditions}
          event={typeof event === 'string' ? null : event}
          onChange={(next) =>
            set({ filters: filters.map((each, index) => (index === at ? next : each)) })
          }
          onRemove={() => set({ filters: filters.filter((_, index) => index !== at) })}
        />
      ))}
      <div>
        <Button
          size="small"
          icon={Plus}
          onClick={() => set({ filters: [...filters, [NEW_CONDITION]] })}
        >
          {filters.length === 0 ? 'Count only some events' : 'Or another filter'}
        </Button>
      </div>
      <Sample meter={meter} event={event} text={sample} onChange={setTyped} />
    </FormDialog>
  )
}
