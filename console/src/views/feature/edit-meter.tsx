import { Plus, X } from 'lucide-react'
import { useState } from 'react'
import type {
  AggregationFunction,
  ConditionOperation,
  Feature,
  Meter,
  MeterCondition,
} from '../../../../src/api.gen.ts'
import { useWrite } from '../../api/use-write.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { type Choice, FieldRow, SelectField, TextField } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form.tsx'
import { tell } from '../../ui/toast.tsx'
import styles from './edit-meter.module.css'
import { Sample } from './sample.tsx'

const FUNCTIONS: readonly Choice<AggregationFunction>[] = [
  { value: 'COUNT', label: 'count events' },
  { value: 'SUM', label: 'sum of' },
  { value: 'MAX', label: 'largest' },
  { value: 'MIN', label: 'smallest' },
  { value: 'AVG', label: 'average of' },
  { value: 'UNIQUE', label: 'different values of' },
]

const OPERATIONS: readonly Choice<ConditionOperation>[] = [
  { value: 'EQUALS', label: 'is' },
  { value: 'NOT_EQUALS', label: 'is not' },
  { value: 'IN', label: 'is one of' },
  { value: 'CONTAINS', label: 'contains' },
  { value: 'STARTS_WITH', label: 'starts with' },
  { value: 'ENDS_WITH', label: 'ends with' },
  { value: 'GREATER_THAN', label: '>' },
  { value: 'GREATER_THAN_OR_EQUAL', label: '≥' },
  { value: 'LESS_THAN', label: '<' },
  { value: 'LESS_THAN_OR_EQUAL', label: '≤' },
  { value: 'IS_NULL', label: 'is absent' },
  { value: 'IS_NOT_NULL', label: 'is there' },
]

/** A condition as it is typed. Values of IN are separated by commas. */
type ConditionRow = { field: string; operation: ConditionOperation; text: string }

const NEW_ROW: ConditionRow = { field: 'eventName', operation: 'EQUALS', text: '' }

const rowsOf = (meter: Meter | null): ConditionRow[][] =>
  (meter?.filters ?? []).map(({ conditions }) =>
    conditions.map(({ field, operation, value, values }) => ({
      field,
      operation,
      text: value ?? values?.join(', ') ?? '',
    })),
  )

function conditionOf({ field, operation, text }: ConditionRow): MeterCondition {
  if (operation === 'IN')
    return { field, operation, values: text.split(',').map((each) => each.trim()) }
  const isUnary = operation === 'IS_NULL' || operation === 'IS_NOT_NULL'
  return isUnary ? { field, operation } : { field, operation, value: text }
}

/** Which events count, and how. A sample event shows at once whether it counts. */
export function EditMeter({ feature, onClose }: { feature: Feature; onClose: () => void }) {
  const former = feature.meter
  const [how, setHow] = useState<AggregationFunction>(former?.aggregation.function ?? 'COUNT')
  const [field, setField] = useState(former?.aggregation.field ?? '')
  const [groups, setGroups] = useState(rowsOf(former))
  const params = { id: feature.id }
  const meter: Meter = {
    aggregation: { function: how, ...(how !== 'COUNT' && { field }) },
    filters: groups
      .filter((rows) => rows.length > 0)
      .map((rows) => ({ conditions: rows.map(conditionOf) })),
  }
  const undo = useWrite('v1.features.updateFeature')
  const update = useWrite('v1.features.updateFeature', {
    onDone: () => {
      onClose()
      const back =
        former === null ? undefined : () => undo.mutateAsync({ params, body: { meter: former } })
      tell(`The meter of ${feature.displayName} was saved.`, back)
    },
  })
  const change = (at: number, rows: ConditionRow[]) =>
    setGroups(groups.map((each, index) => (index === at ? rows : each)))
  return (
    <FormDialog
      isOpen
      isWide
      onClose={onClose}
      title={`Meter of ${feature.displayName}`}
      description="Once usage was counted, only the filters can change."
      submit="Save"
      isBusy={update.isPending}
      error={update.error}
      reason={update.reason}
      onSubmit={() => update.mutate({ params, body: { meter } })}
    >
      <FieldRow>
        <SelectField
          name="function"
          label="Usage is the"
          value={how}
          onChange={setHow}
          choices={FUNCTIONS}
        />
        {how !== 'COUNT' && (
          <TextField name="field" label="Dimension" value={field} onChange={setField} isMono />
        )}
      </FieldRow>
      {groups.map((rows, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a group has no identity but its place
        <div key={at} className={styles.group}>
          <p className={styles.or}>{at === 0 ? 'Events count whose' : 'or whose'}</p>
          <Conditions rows={rows} onChange={(next) => change(at, next)} />
        </div>
      ))}
      <div>
        <Button size="small" icon={Plus} onClick={() => setGroups([...groups, [NEW_ROW]])}>
          {groups.length === 0 ? 'Filter events' : 'Or'}
        </Button>
      </div>
      <Sample meter={meter} />
    </FormDialog>
  )
}

function Conditions(props: {
  rows: readonly ConditionRow[]
  onChange: (rows: ConditionRow[]) => void
}) {
  const { rows, onChange } = props
  const change = (at: number, part: Partial<ConditionRow>) =>
    onChange(rows.map((row, index) => (index === at ? { ...row, ...part } : row)))
  return (
    <>
      {rows.map((row, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row has no identity but its place
        <div key={at} className={styles.row}>
          <TextField
            name="condition"
            label="Dimension"
            value={row.field}
            onChange={(field) => change(at, { field })}
            isMono
          />
          <SelectField
            name="operation"
            label="Compare"
            value={row.operation}
            onChange={(operation) => change(at, { operation })}
            choices={OPERATIONS}
          />
          {!row.operation.startsWith('IS_') && (
            <TextField
              name="value"
              label={row.operation === 'IN' ? 'Values, with commas' : 'Value'}
              value={row.text}
              onChange={(text) => change(at, { text })}
              isOptional
              isMono
            />
          )}
          <IconButton
            label="Remove the condition"
            icon={X}
            onClick={() => onChange(rows.filter((_, index) => index !== at))}
          />
        </div>
      ))}
      <div>
        <Button size="small" icon={Plus} onClick={() => onChange([...rows, NEW_ROW])}>
          And
        </Button>
      </div>
    </>
  )
}
