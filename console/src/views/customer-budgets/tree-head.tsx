// biome-ignore-all lint/a11y/useSemanticElements: rows stand at places that a table does not have
// biome-ignore-all lint/a11y/useFocusableInteractive: a row has the focus, and its cells never do
import { Fragment } from 'react'
import styles from './view.module.css'

/** Titles of the columns. With several features, each title says whose it is. */
export function TreeHead(props: { features: readonly { id: string; displayName: string }[] }) {
  const isAlone = props.features.length < 2
  return (
    <div role="row" aria-rowindex={1} className={styles.head}>
      <span role="columnheader" className={styles.name}>
        Name
      </span>
      <span role="columnheader" className={styles.type}>
        Type
      </span>
      {props.features.map(({ id, displayName }) => (
        <Fragment key={id}>
          <span role="columnheader" className={styles.number} title={displayName}>
            {isAlone ? 'Used' : `${displayName} used`}
          </span>
          <span role="columnheader" className={styles.number}>
            Limit
          </span>
          <span role="columnheader" aria-label="Share used" className={styles.bar} />
          <span role="columnheader" className={styles.runsOut}>
            Runs out
          </span>
        </Fragment>
      ))}
    </div>
  )
}
