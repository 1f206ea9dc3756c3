import type { ReactNode } from 'react'
import styles from './settings.module.css'

/** A setting: its name, what it means, and its control. */
export const SettingRow = (props: { title: string; hint?: string; children: ReactNode }) => (
  <div className={styles.row}>
    <div>
      <h2>{props.title}</h2>
      {props.hint && <p className={styles.hint}>{props.hint}</p>}
    </div>
    <div>{props.children}</div>
  </div>
)

export const SettingRows = ({ children }: { children: ReactNode }) => (
  <div className={styles.rows}>{children}</div>
)
