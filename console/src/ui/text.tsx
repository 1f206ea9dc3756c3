import { Ban, Check, type LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { formatDay, formatDistance, formatInstant } from '../format.ts'
import { usePreferences } from '../preferences.ts'
import { useNow } from '../use-now.ts'
import styles from './text.module.css'

/** An id, as somebody chose it. */
export const Id = ({ children }: { children: string }) => (
  <span className={styles.id}>{children}</span>
)

/** An id that the server made. Its end tells ids apart; the tooltip has it whole. */
export const ShortId = ({ children }: { children: string }) => (
  <span className={`${styles.id} ${children.length > 20 ? styles.short : ''}`} title={children}>
    {children.length > 20 ? `…${children.slice(-8)}` : children}
  </span>
)

/** A name, or the id where there is none. */
export const Name = (props: { name: string | null; id: string; isArchived?: boolean }) => (
  <>
    <bdi className={styles.name}>{props.name?.trim() ? props.name : props.id}</bdi>
    {props.isArchived && (
      <>
        {' '}
        <Chip>archived</Chip>
      </>
    )}
  </>
)

/** Says that there is no value. */
export const None = ({ children = '—' }: { children?: string }) => (
  <span className={styles.none}>{children}</span>
)

export type Tone = 'granted' | 'denied' | 'near' | 'held' | 'info' | 'plain'

/** A state or a kind in a word. Where color carries a state, an icon does too. */
export function Chip(props: {
  tone?: Tone
  icon?: LucideIcon
  isMono?: boolean
  children: ReactNode
}) {
  const { tone = 'plain', icon: Icon, isMono, children } = props
  return (
    <span
      className={`${styles.chip} ${isMono ? styles.mono : ''}`}
      style={
        tone === 'plain'
          ? undefined
          : { background: `var(--${tone}-tint)`, color: `var(--${tone})` }
      }
    >
      {Icon && <Icon size={12} strokeWidth={2} aria-hidden />}
      {children}
    </span>
  )
}

/** Yes or no, as a word, an icon and a color. */
export const YesNo = (props: { isYes: boolean; yes: string; no: string }) => (
  <Chip tone={props.isYes ? 'granted' : 'denied'} icon={props.isYes ? Check : Ban}>
    {props.isYes ? props.yes : props.no}
  </Chip>
)

/** Instants up to this long ago are shown relative to now, older ones as dates, in milliseconds. */
const RELATIVE_MS = 6 * 86_400_000

/** A short form of an instant. The tooltip shows date, time and zone. */
export function Time({ at }: { at: string }) {
  const { zone } = usePreferences()
  const nowMs = useNow(30_000)
  const isRecent = Math.abs(new Date(at).getTime() - nowMs) < RELATIVE_MS
  return (
    <time className={styles.time} dateTime={at} title={formatInstant(at, zone)}>
      {isRecent ? formatDistance(at, nowMs) : formatDay(at, { zone, nowMs })}
    </time>
  )
}
