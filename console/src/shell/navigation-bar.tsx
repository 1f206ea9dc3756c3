import { Link } from '@tanstack/react-router'
import { BookOpen, PanelLeft } from 'lucide-react'
import { useAddresses } from '../address-state.ts'
import { NAVIGATION } from '../navigation.ts'
import { setPreference, usePreferences } from '../preferences.ts'
import { IconButton } from '../ui/button.tsx'
import styles from './frame.module.css'
import { Mark } from './mark.tsx'

/** The views, at the left. On narrow screens it is a sheet, which `isOpen` shows. */
export function NavigationBar({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const addresses = useAddresses()
  const { isNavigationNarrow } = usePreferences()
  return (
    <>
      {isOpen && <div className={styles.veil} onPointerDown={onClose} />}
      <nav className={styles.nav} aria-label="Views" data-open={isOpen}>
        <Link to={addresses.home} className={styles.brand} aria-label="Bursar, home">
          <Mark />
          <span className={styles.word}>Bursar</span>
        </Link>
        {NAVIGATION.map((group) => (
          <div key={group[0]?.label} className={styles.group}>
            {group.map(({ label, icon: Icon, to }) => (
              <Link
                key={label}
                to={to(addresses)}
                className={styles.link}
                activeOptions={{ includeSearch: false }}
                title={isNavigationNarrow ? label : undefined}
                onClick={onClose}
              >
                <Icon size={15} strokeWidth={1.75} aria-hidden />
                <span className={styles.word}>{label}</span>
              </Link>
            ))}
          </div>
        ))}
        <div className={styles.fill} />
        <a className={styles.link} href="/docs" title={isNavigationNarrow ? 'API' : undefined}>
          <BookOpen size={15} strokeWidth={1.75} aria-hidden />
          <span className={styles.word}>API reference</span>
        </a>
        <div className={styles.narrower}>
          <IconButton
            label={isNavigationNarrow ? 'Show names' : 'Only icons'}
            icon={PanelLeft}
            onClick={() => setPreference('isNavigationNarrow', !isNavigationNarrow)}
          />
        </div>
      </nav>
    </>
  )
}
