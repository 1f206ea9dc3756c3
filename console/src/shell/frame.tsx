import { useQueryClient } from '@tanstack/react-query'
import { Outlet, useNavigate, useRouter } from '@tanstack/react-router'
import { LogOut, Menu as MenuIcon, Monitor, Moon, Search, Sun, UserRound } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useAddresses, useParam } from '../address-state.ts'
import { addressesIn, routeTo } from '../addresses.ts'
import { forgetCredential } from '../api/credential.ts'
import { SessionProvider, useSession, useWhoami } from '../api/session.tsx'
import { NAVIGATION } from '../navigation.ts'
import { setPreference, usePreferences } from '../preferences.ts'
import { IconButton } from '../ui/button.tsx'
import { copyText } from '../ui/copy.tsx'
import { Menu } from '../ui/menu.tsx'
import { Loaded } from '../ui/states.tsx'
import { tell } from '../ui/toast.tsx'
import styles from './frame.module.css'
import { Freshness } from './freshness.tsx'
import { handleKey, historyOfRow, keyCaps, moveRow, useShortcuts } from './keys.ts'
import { KeysSheet } from './keys-sheet.tsx'
import { NavigationBar } from './navigation-bar.tsx'
import { Palette } from './palette.tsx'

/** Around every view of an environment: navigation, search, freshness. */
export function Frame() {
  const environment = useParam('environment')
  const who = useWhoami(environment)
  if (who.data === undefined)
    return (
      <div className={styles.alone}>
        <Loaded reading={who} rows={3}>
          {() => null}
        </Loaded>
      </div>
    )
  return (
    <SessionProvider key={environment} environment={environment} who={who.data}>
      <Shell />
    </SessionProvider>
  )
}

function Shell() {
  const [open, setOpen] = useState<'navigation' | 'palette' | 'keys' | null>(null)
  const close = () => setOpen(null)
  const { isNavigationNarrow } = usePreferences()
  useGlobalShortcuts(setOpen)
  return (
    <div className={styles.app} data-narrow={isNavigationNarrow}>
      <a className={styles.skip} href="#main">
        To the content
      </a>
      <NavigationBar isOpen={open === 'navigation'} onClose={close} />
      <div>
        <header className={styles.top}>
          <span className={styles.menu}>
            <IconButton
              label="Navigation"
              icon={MenuIcon}
              aria-expanded={open === 'navigation'}
              onClick={() => setOpen('navigation')}
            />
          </span>
          <EnvironmentSwitch />
          <button type="button" className={styles.find} onClick={() => setOpen('palette')}>
            <Search size={14} aria-hidden />
            <span>Search</span>
            <kbd>{keyCaps('mod+k')}</kbd>
          </button>
          <Freshness />
          <ThemeSwitch />
          <CallerMenu />
        </header>
        <main id="main" className={styles.main} tabIndex={-1}>
          <Outlet />
        </main>
      </div>
      <Palette isOpen={open === 'palette'} onClose={close} />
      <KeysSheet isOpen={open === 'keys'} onClose={close} />
    </div>
  )
}

function useGlobalShortcuts(setOpen: (what: 'palette' | 'keys') => void): void {
  const addresses = useAddresses()
  const navigate = useNavigate()
  const queries = useQueryClient()
  const views = NAVIGATION.flat().flatMap(({ key, label, to }) =>
    key === undefined
      ? []
      : [{ keys: `g ${key}`, label, run: () => void navigate({ to: to(addresses) }) }],
  )
  useShortcuts([
    { keys: 'mod+k', label: 'Search', run: () => setOpen('palette'), isOnlyKey: true },
    { keys: '/', label: 'Filter', run: focusFilter, isOnlyKey: true },
    { keys: '?', label: 'All keys', run: () => setOpen('keys') },
    { keys: 'j', label: 'Next row', run: () => moveRow(1), isOnlyKey: true },
    { keys: 'k', label: 'Previous row', run: () => moveRow(-1), isOnlyKey: true },
    {
      keys: 'h',
      label: 'Who changed this row',
      run: () => {
        const address = historyOfRow()
        if (address !== null) void navigate(routeTo(address))
      },
      isOnlyKey: true,
    },
    {
      keys: 'Shift+R',
      label: 'Refresh',
      run: () => void queries.refetchQueries({ type: 'active' }),
    },
    {
      keys: 'Shift+C',
      label: 'Copy the address',
      run: () => void copyText(location.href).then(() => tell('Address copied.')),
    },
    ...views,
  ])
  useEffect(() => {
    addEventListener('keydown', handleKey)
    return () => removeEventListener('keydown', handleKey)
  }, [])
}

const focusFilter = () => document.querySelector<HTMLElement>('main [data-filter]')?.focus()

/** The environments that the caller may open. A key opens only its own. */
function EnvironmentSwitch() {
  const { who, environment } = useSession()
  const navigate = useNavigate()
  const own = who.environments.find(({ id }) => id === environment) ?? who.environment
  const isProduction = own.type === 'PRODUCTION'
  return (
    <div className={`${styles.environment} ${isProduction ? styles.production : ''}`}>
      {who.environments.length < 2 ? (
        <span title={isProduction ? 'A production environment' : undefined}>{own.displayName}</span>
      ) : (
        <select
          aria-label="Environment"
          value={environment}
          onChange={(event) => void navigate({ to: addressesIn(event.target.value).home })}
        >
          {who.environments.map(({ id, displayName }) => (
            <option key={id} value={id}>
              {displayName}
            </option>
          ))}
        </select>
      )}
    </div>
  )
}

const THEMES = {
  system: { icon: Monitor, label: 'Theme of the system' },
  light: { icon: Sun, label: 'Light theme' },
  dark: { icon: Moon, label: 'Dark theme' },
} as const

function ThemeSwitch() {
  const { theme } = usePreferences()
  return (
    <Menu
      trigger={<IconButton label={THEMES[theme].label} icon={THEMES[theme].icon} />}
      items={(['system', 'light', 'dark'] as const).map((each) => ({
        ...THEMES[each],
        onSelect: () => setPreference('theme', each),
      }))}
    />
  )
}

function CallerMenu() {
  const { who } = useSession()
  const queries = useQueryClient()
  const router = useRouter()
  const signOut = () => {
    forgetCredential()
    queries.clear()
    void router.navigate({ to: '/sign-in' })
  }
  const name = who.name ?? who.actor.id
  return (
    <Menu
      trigger={<IconButton label={`${name}, ${who.role}`} icon={UserRound} />}
      items={[{ label: `Sign out ${name}`, icon: LogOut, onSelect: signOut }]}
    />
  )
}
