import { Plus, X } from 'lucide-react'
import { Button, IconButton } from '../../ui/button.tsx'
import { ChipsField } from '../../ui/chips-field.tsx'
import { Fieldset, SelectField, TextField } from '../../ui/field.tsx'
import { rowEditor } from '../../ui/rows.ts'
import { YesNo } from '../../ui/text.tsx'
import styles from './edit-meter.module.css'
import { holds, type SampleEvent } from './match.ts'
import {
  type ConditionDraft,
  conditionOf,
  isWithoutValue,
  NEW_CONDITION,
  withOperation,
} from './meter-draft.ts'
import { OPERATIONS, TEXTS } from './texts.ts'

/** One filter: all of its conditions must be true of an event. */
export function FilterFields(props: {
  at: number
  conditions: readonly ConditionDraft[]
  event: SampleEvent | null
  onChange: (conditions: ConditionDraft[]) => void
  onRemove: () => void
}) {
  const { at, conditions, event, onChange, onRemove } = props
  const { set, add, remove } = rowEditor(conditions, onChange)
  return (
    <Fieldset legend={at === 0 ? 'An event counts if' : 'or if'}>
      {conditions.map((condition, index) => (
        <ConditionFields
          // biome-ignore lint/suspicious/noArrayIndexKey: a condition has no identity but its place
          key={index}
          name={`meter/filters/${at}/conditions/${index}`}
          condition={condition}
          event={event}
          onChange={(next) => set(index, next)}
          onRemove={() => (conditions.length === 1 ? onRemove() : remove(index))}
        />
      ))}
      <div>
        <Button size="small" icon={Plus} onClick={() => add(NEW_CONDITION)}>
          And
        </Button>
      </div>
    </Fieldset>
  )
}

function ConditionFields(props: {
  name: string
  condition: ConditionDraft
  event: SampleEvent | null
  onChange: (condition: ConditionDraft) => void
  onRemove: () => void
}) {
  const { name, condition, event, onChange, onRemove } = props
  const { field, operation, value, values } = condition
  return (
    <div className={styles.condition}>
      <TextField
        name={`${name}/field`}
        label="Dimension"
        value={field}
        onChange={(text) => onChange({ ...condition, field: text })}
        suggestions={['eventName']}
        isMono
      />
      <SelectField
        name={`${name}/operation`}
        label="Comparison"
        value={operation}
        onChange={(next) => onChange(withOperation(condition, next))}
        choices={OPERATIONS}
      />
      {operation === 'IN' && (
        <ChipsField
          name={`${name}/values`}
          label="Values"
          value={values}
          onChange={(next) => onChange({ ...condition, values: next })}
          placeholder={TEXTS.valuesHint}
        />
      )}
      {operation !== 'IN' && !isWithoutValue(operation) && (
        <TextField
          name={`${name}/value`}
          label="Value"
          value={value}
          onChange={(text) => onChange({ ...condition, value: text })}
          isOptional
          isMono
        />
      )}
      <div className={styles.end}>
        {event && <YesNo isYes={holds(conditionOf(condition), event)} yes="true" no="false" />}
        <IconButton label="Remove the condition" icon={X} onClick={onRemove} />
      </div>
    </div>
  )
}
