import { useSyncExternalStore } from 'react'
import type { Zone } from './format.ts'

/** What a person chose in this browser. It is in no address, because it is nobody else's choice. */
export type Preferences = {
  theme: 'system' | 'light' | 'dark'
  density: 'comfortable' | 'normal' | 'compact'
  zone: Zone
  isNavigationNarrow: boolean
}

const DEFAULTS: Preferences = {
  theme: 'system',
  density: 'normal',
  zone: 'local',
  isNavigationNarrow: false,
}

const nameOf = (key: keyof Preferences): string => `bursar.${key}`
const listeners = new Set<() => void>()
let current = read()

function read(): Preferences {
  const stored = <Key extends keyof Preferences>(key: Key, values: readonly Preferences[Key][]) => {
    const text = localStorage.getItem(nameOf(key))
    return values.find((value) => String(value) === text) ?? DEFAULTS[key]
  }
  return {
    theme: stored('theme', ['system', 'light', 'dark']),
    density: stored('density', ['comfortable', 'normal', 'compact']),
    zone: stored('zone', ['local', 'utc']),
    isNavigationNarrow: stored('isNavigationNarrow', [true, false]),
  }
}

export function setPreference<Key extends keyof Preferences>(key: Key, value: Preferences[Key]) {
  current = { ...current, [key]: value }
  localStorage.setItem(nameOf(key), String(value))
  const { dataset } = document.documentElement
  dataset.theme = current.theme
  dataset.density = current.density
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export const usePreferences = (): Preferences => useSyncExternalStore(subscribe, () => current)
