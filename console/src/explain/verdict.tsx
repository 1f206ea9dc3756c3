import { Ban, Check } from 'lucide-react'
import { useNow } from '../use-now.ts'
import type { Names } from './names.ts'
import styles from './verdict.module.css'
import { type Given, verdictOf } from './verdicts.ts'

/** The answer in one sentence. `atMs`: as of then, for a decision of the past. */
export function Verdict(props: Omit<Given, 'nameOf' | 'nowMs'> & { names: Names; atMs?: number }) {
  const { names, atMs } = props
  const nowMs = useNow(1000)
  const { isGranted, sentence } = verdictOf({
    ...props,
    nameOf: (id) => names.get(id) ?? id,
    nowMs: atMs ?? nowMs,
  })
  const Icon = isGranted ? Check : Ban
  return (
    <p className={`${styles.verdict} ${isGranted ? styles.granted : styles.denied}`} role="status">
      <Icon size={16} strokeWidth={2.25} aria-hidden />
      <span>
        <span className={styles.word}>{isGranted ? 'Granted.' : 'Denied.'}</span>{' '}
        {sentence.map((part, index) =>
          typeof part === 'string' ? (
            part
          ) : (
            // biome-ignore lint/suspicious/noArrayIndexKey: a part is known by its place
            <strong key={index}>
              <bdi>{part.strong}</bdi>
            </strong>
          ),
        )}
      </span>
    </p>
  )
}
