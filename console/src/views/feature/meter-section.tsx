import type { Feature, MeterCondition } from '../../../../src/api.gen.ts'
import { Button } from '../../ui/button.tsx'
import { Section } from '../../ui/page.tsx'
import { Empty } from '../../ui/states.tsx'
import { meterText, OPERATIONS, TEXTS } from './texts.ts'
import styles from './view.module.css'

/** How usage of a feature comes about. */
export function MeterSection(props: {
  feature: Feature
  reason: string | null
  onEdit: () => void
}) {
  const { feature, reason, onEdit } = props
  const { meter, meterType } = feature
  if (meterType === 'None')
    return (
      <Section title="Usage">
        <p>{TEXTS.notCounted}</p>
      </Section>
    )
  if (meter === null)
    return (
      <Section title="Meter">
        <Empty title={TEXTS.noMeter} call={`PATCH /api/v1/features/${feature.id}`}>
          <Button reason={reason} onClick={onEdit}>
            Add a meter
          </Button>
        </Empty>
      </Section>
    )
  return (
    <Section
      title="Meter"
      actions={
        <Button size="small" reason={reason} onClick={onEdit}>
          Edit the meter
        </Button>
      }
    >
      <p>{meterText(meter)}</p>
      <ul className={styles.filters}>
        {meter.filters.map(({ conditions }, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a filter has no identity but its place
          <li key={at}>
            {conditions.length === 0 && 'every event'}
            {conditions.map((condition, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: nor has a condition
              <Condition key={index} condition={condition} isFirst={index === 0} />
            ))}
          </li>
        ))}
      </ul>
    </Section>
  )
}

const wordOf = ({ operation }: MeterCondition): string =>
  OPERATIONS.find(({ value }) => value === operation)?.label ?? operation

function Condition({ condition, isFirst }: { condition: MeterCondition; isFirst: boolean }) {
  const { field, value, values } = condition
  const right = values ?? (value === undefined ? [] : [value])
  return (
    <span>
      {!isFirst && <span className={styles.word}>and </span>}
      <code>{field}</code> <span className={styles.word}>{wordOf(condition)}</span>{' '}
      {right.length > 0 && <code>{right.map((each) => JSON.stringify(each)).join(', ')}</code>}
    </span>
  )
}
