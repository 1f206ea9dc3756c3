import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { formatNumber } from '../../format.ts'
import styles from './view.module.css'

/** A number that one sees from afar, and what it was before. */
export function Figure(props: {
  label: string
  value: number
  /** The number is a lower bound. */
  isAtLeast?: boolean
  note?: string | undefined
  to?: string
  children?: ReactNode
}) {
  const { label, value, isAtLeast = false, note, to, children } = props
  return (
    <div className={styles.figure}>
      <div className={styles.label}>{to ? <Link to={to}>{label}</Link> : label}</div>
      <div className={styles.value}>
        {isAtLeast ? '> ' : ''}
        {formatNumber(value)}
      </div>
      {children}
      {note && <div className={styles.note}>{note}</div>}
    </div>
  )
}
