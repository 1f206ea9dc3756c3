import { Link } from '@tanstack/react-router'
import { type KeyboardEvent, useRef } from 'react'
import { routeTo } from '../addresses.ts'
import { formatNumber } from '../format.ts'
import styles from './steps.module.css'

/** A figure of a span of time, and what it leads to. */
export type Step = { key: string; name: string; value: number; to: string }

/**
 * Figures as bars, each a link. One of them is in the order of the tab key: the last one that is
 * not 0. The keys ← and → go to the others.
 */
export function Steps({ label, steps }: { label: string; steps: readonly Step[] }) {
  const frame = useRef<HTMLDivElement>(null)
  const most = Math.max(1, ...steps.map(({ value }) => value))
  const lastUsed = steps.findLastIndex(({ value }) => value > 0)
  const entry = lastUsed === -1 ? steps.length - 1 : lastUsed
  const onKeyDown = (event: KeyboardEvent) => {
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (move === undefined) return
    event.preventDefault()
    const links = [...(frame.current?.querySelectorAll('a') ?? [])]
    const at = links.indexOf(document.activeElement as HTMLAnchorElement)
    links[Math.max(0, Math.min(links.length - 1, at + move))]?.focus()
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for fields
    <div ref={frame} role="group" aria-label={label} className={styles.steps} onKeyDown={onKeyDown}>
      {steps.map(({ key, name, value, to }, at) => (
        <Link
          key={key}
          {...routeTo(to)}
          className={styles.step}
          tabIndex={at === entry ? 0 : -1}
          aria-label={`${name}: ${formatNumber(value)}`}
          title={`${name}: ${formatNumber(value)}`}
          preload={false}
        >
          <span className={styles.bar} style={{ height: `${(value / most) * 100}%` }} />
        </Link>
      ))}
    </div>
  )
}
