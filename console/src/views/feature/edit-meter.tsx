import { Plus } from 'lucide-react'
import { useState } from 'react'
import type { Feature } from '../../../../src/api.gen.ts'
import { Meanwhile } from '../../activity/meanwhile.tsx'
import { Button } from '../../ui/button.tsx'
import { FieldRow, SelectField, TextField } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form.tsx'
import { useForm } from '../../ui/use-form.ts'
import { FilterFields } from './filter-fields.tsx'
import { draftOf, eventIn, meterOf, NEW_CONDITION, sampleFor } from './meter-draft.ts'
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
  const params = { id: feature.id }
  const form = useForm('v1.features.updateFeature', {
    first: draftOf(former),
    etag,
    requestOf: (draft) => ({ params, body: { meter: meterOf(draft) } }),
    doneText: () => `The meter of ${feature.displayName} was saved.`,
    undo: former && (({ send }) => send({ params, body: { meter: former } })),
    onDone: onClose,
  })
  const [typed, setTyped] = useState<string | null>(null)
  const { filters } = form.fields
  const meter = meterOf(form.fields)
  const sample = typed ?? JSON.stringify(sampleFor(meter), null, 2)
  const event = eventIn(sample)
  return (
    <FormDialog
      form={form}
      isWide
      onClose={onClose}
      title={former ? 'Edit the meter' : 'Add a meter'}
      description={former ? TEXTS.meterNote : TEXTS.firstMeter}
      submit={former ? 'Save' : 'Add'}
    >
      <Meanwhile
        error={form.refusal}
        objectId={feature.id}
        fields={[{ label: 'Meter', now: feature.meter, typed: meter }]}
      />
      <FieldRow>
        <SelectField
          {...form.bind('function', 'meter/aggregation/function')}
          label="Usage is the"
          choices={FUNCTIONS}
        />
        {form.fields.function !== 'COUNT' && (
          <TextField {...form.bind('field', 'meter/aggregation/field')} label="Dimension" isMono />
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
            form.set({ filters: filters.map((each, index) => (index === at ? next : each)) })
          }
          onRemove={() => form.set({ filters: filters.filter((_, index) => index !== at) })}
        />
      ))}
      <div>
        <Button
          size="small"
          icon={Plus}
          onClick={() => form.set({ filters: [...filters, [NEW_CONDITION]] })}
        >
          {filters.length === 0 ? 'Count only some events' : 'Or another filter'}
        </Button>
      </div>
      <Sample meter={meter} event={event} text={sample} onChange={setTyped} />
    </FormDialog>
  )
}
