import { Navigate } from '@tanstack/react-router'
import { addressesIn } from '../addresses.ts'
import { useWhoami } from '../api/session.tsx'
import { Loaded } from '../ui/states.tsx'
import styles from './frame.module.css'

/** `/`: leads to the environment of the caller. */
export function Start() {
  const who = useWhoami(null)
  return (
    <div className={styles.alone}>
      <Loaded reading={who} rows={3}>
        {({ environment }) => <Navigate to={addressesIn(environment.id).home} replace />}
      </Loaded>
    </div>
  )
}
