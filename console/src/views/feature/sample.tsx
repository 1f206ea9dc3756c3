import { Ban, Check } from 'lucide-react'
import { useState } from 'react'
import type { Meter } from '../../../../src/api.gen.ts'
import { TextArea } from '../../ui/field.tsx'
import { Chip } from '../../ui/text.tsx'
import styles from './edit-meter.module.css'
import { matches, type SampleEvent } from './meter.ts'

const FIRST = '{\n  "eventName": "answer_generated",\n  "dimensions": { "tokens": 1200 }\n}'

/** An event to try: it is matched in the page, and sent nowhere. */
export function Sample({ meter }: { meter: Meter }) {
  const [text, setText] = useState(FIRST)
  const event = eventIn(text)
  return (
    <div className={styles.sample}>
      <TextArea
        name="sample"
        label="Try an event"
        hint="It is compared in this page, and recorded nowhere."
        rows={4}
        value={text}
        onChange={setText}
        isMono
        isOptional
      />
      <div className={styles.result} role="status">
        {event === null ? (
          <Chip tone="near">not an event in JSON</Chip>
        ) : matches(meter, event) ? (
          <Chip tone="granted" icon={Check}>
            this event counts
          </Chip>
        ) : (
          <Chip tone="denied" icon={Ban}>
            this event does not count
          </Chip>
        )}
      </div>
    </div>
  )
}

function eventIn(text: string): SampleEvent | null {
  try {
    const value = JSON.parse(text) as { eventName?: unknown; dimensions?: unknown }
    const { eventName, dimensions = {} } = value
    if (typeof eventName !== 'string' || typeof dimensions !== 'object' || dimensions === null)
      return null
    return { eventName, dimensions: dimensions as SampleEvent['dimensions'] }
  } catch {
    return null
  }
}
