import { useEffect, useRef } from 'react'

/** A key, or two keys one after the other, and what it does. */
export type Shortcut = {
  /** As in `?`, `g c`, `Shift+R`, `mod+k`, where mod is Ctrl or, on a Mac, the command key. */
  keys: string
  label: string
  run: () => void
  /** Not in the search over everything: it makes sense only as a key. */
  isOnlyKey?: boolean
}

/** How long the second of two keys is waited for, in milliseconds. */
const PAIR_MS = 1200

const registered = new Set<Shortcut>()
let pending: { key: string; at: number } | null = null

/** Registers shortcuts as long as the component is shown. */
export function useShortcuts(shortcuts: readonly Shortcut[]): void {
  const latest = useRef(shortcuts)
  latest.current = shortcuts
  const names = shortcuts.map(({ keys }) => keys).join()
  // biome-ignore lint/correctness/useExhaustiveDependencies: again when the keys are others
  useEffect(() => {
    const own = latest.current.map(
      (each, index): Shortcut => ({ ...each, run: () => latest.current[index]?.run() }),
    )
    for (const each of own) registered.add(each)
    return () => {
      for (const each of own) registered.delete(each)
    }
  }, [names])
}

export const allShortcuts = (): readonly Shortcut[] => [...registered]

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))

const isInPopup = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest('[role=dialog], [role=menu]') !== null

/** Returns the key as shortcuts write it. */
function nameOf(event: KeyboardEvent): string {
  if (event.metaKey || event.ctrlKey) return `mod+${event.key.toLowerCase()}`
  return event.shiftKey && /^[A-Z]$/.test(event.key) ? `Shift+${event.key}` : event.key
}

/** Runs the shortcut of a key press. None is run while somebody types, but those with mod. */
export function handleKey(event: KeyboardEvent): void {
  const name = nameOf(event)
  if (event.altKey || event.defaultPrevented) return
  const isWithMod = name.startsWith('mod+')
  if (!isWithMod && (isTyping(event.target) || isInPopup(event.target))) return
  const first = pending !== null && event.timeStamp - pending.at < PAIR_MS ? pending.key : null
  pending = null
  const wanted = first === null ? name : `${first} ${name}`
  const shortcut = allShortcuts().find(({ keys }) => keys === wanted)
  if (shortcut !== undefined) {
    event.preventDefault()
    shortcut.run()
  } else if (allShortcuts().some(({ keys }) => keys.startsWith(`${name} `))) {
    pending = { key: name, at: event.timeStamp }
  }
}

const IS_MAC = /Mac|iPhone|iPad/.test(navigator.userAgent)

/** Returns the keys as they are written on a keyboard. */
export function keyCaps(keys: string): string[] {
  return keys
    .split(' ')
    .map((each) =>
      each
        .replace('mod+', IS_MAC ? '⌘' : 'Ctrl ')
        .replace('Shift+', '⇧')
        .replace('Enter', '↵'),
    )
    .map((each) => (each.length > 1 && /[a-z]$/.test(each) ? each.toUpperCase() : each))
}

/** Who changed the object of the row that has the focus: an address. Null for other places. */
export const historyOfRow = (): string | null =>
  document.activeElement?.closest<HTMLElement>('[data-history]')?.dataset.history ?? null

/** Moves the focus to the next or the previous row of the lists of a view. */
export function moveRow(step: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>('main [data-row]')]
  const at = rows.indexOf(document.activeElement as HTMLElement)
  const next = at === -1 ? (step === 1 ? 0 : rows.length - 1) : at + step
  rows[Math.max(0, Math.min(rows.length - 1, next))]?.focus()
}
