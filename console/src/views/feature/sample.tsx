import { Ban, Check, TriangleAlert } from 'lucide-react'
import type { Meter } from '../../../../src/api.gen.ts'
import { TextArea } from '../../ui/field.tsx'
import { Chip } from '../../ui/text.tsx'
import styles from './edit-meter.module.css'
import { outcomeOf, type SampleEvent } from './match.ts'
import { outcomeText, TEXTS } from './texts.ts'

/** An event to try, and what the meter makes of it. */
export function Sample(props: {
  meter: Meter
  event: SampleEvent | 'notJson' | 'notEvent'
  text: string
  onChange: (text: string) => void
}) {
  const { meter, event, text, onChange } = props
  return (
    <div className={styles.sample}>
      <div className={styles.result} role="status">
        {typeof event === 'string' ? (
          <Chip tone="near" icon={TriangleAlert}>
            {TEXTS[event]}
          </Chip>
        ) : (
          <Result meter={meter} event={event} />
        )}
      </div>
      <TextArea
        name="sample"
        label={TEXTS.sample}
        hint={TEXTS.sampleHint}
        rows={7}
        value={text}
        onChange={onChange}
        isMono
        isOptional
      />
    </div>
  )
}

function Result({ meter, event }: { meter: Meter; event: SampleEvent }) {
  const outcome = outcomeOf(meter, event)
  const isCounted = ['one', 'mark', 'amount'].includes(outcome.kind)
  return (
    <Chip tone={isCounted ? 'granted' : 'denied'} icon={isCounted ? Check : Ban}>
      {outcomeText(outcome)}
    </Chip>
  )
}
