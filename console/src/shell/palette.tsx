import { useNavigate } from '@tanstack/react-router'
import { CornerDownLeft, type LucideIcon, Search, Users } from 'lucide-react'
import { type KeyboardEvent, useDeferredValue, useEffect, useId, useState } from 'react'
import { useAddresses } from '../address-state.ts'
import { routeTo } from '../addresses.ts'
import { useCustomersFound } from '../customer/use-customers-found.ts'
import { NAVIGATION } from '../navigation.ts'
import { Dialog } from '../ui/dialog.tsx'
import { Id, Name } from '../ui/text.tsx'
import styles from './frame.module.css'
import { keyCaps } from './keys.ts'

type Result = {
  key: string
  kind: string
  icon: LucideIcon
  name: string
  id?: string
  keys?: string | undefined
  to: string
}

/** One search over everything: views, and customers by id, name or e-mail. */
export function Palette({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  return (
    <Dialog isOpen={isOpen} onClose={onClose} title="Search">
      {isOpen && <PaletteBody onClose={onClose} />}
    </Dialog>
  )
}

function PaletteBody({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const navigate = useNavigate()
  const listId = useId()
  const results = useResults(useDeferredValue(text.trim()))
  const chosen = Math.min(at, results.length - 1)
  // biome-ignore lint/correctness/useExhaustiveDependencies: other words, first result again
  useEffect(() => setAt(0), [text])
  const open = (result: Result | undefined) => {
    if (result === undefined) return
    onClose()
    void navigate(routeTo(result.to))
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step !== undefined) {
      event.preventDefault()
      setAt((chosen + step + results.length) % Math.max(1, results.length))
    } else if (event.key === 'Enter') open(results[chosen])
  }
  return (
    <>
      <div className={styles.query}>
        <Search size={15} aria-hidden />
        <input
          role="combobox"
          data-autofocus
          aria-label="Search"
          aria-expanded
          aria-controls={listId}
          aria-activedescendant={results[chosen] && `${listId}-${chosen}`}
          placeholder="A view, or a customer’s id, name or e-mail"
          value={text}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKeyDown}
        />
      </div>
      <div id={listId} role="listbox" aria-label="Results" className={styles.results}>
        {results.length === 0 && <p className={styles.kind}>Nothing has this name or id.</p>}
        {results.map((result, index) => (
          <ResultRow
            key={result.key}
            id={`${listId}-${index}`}
            result={result}
            isFirst={results[index - 1]?.kind !== result.kind}
            isChosen={index === chosen}
            onOpen={() => open(result)}
          />
        ))}
      </div>
    </>
  )
}

function ResultRow(props: {
  id: string
  result: Result
  isFirst: boolean
  isChosen: boolean
  onOpen: () => void
}) {
  const { result, isChosen } = props
  const Icon = result.icon
  return (
    <>
      {props.isFirst && <div className={styles.kind}>{result.kind}</div>}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: keys go to the field above */}
      {/* biome-ignore lint/a11y/useFocusableInteractive: the field above keeps the focus */}
      <div
        id={props.id}
        role="option"
        aria-selected={isChosen}
        className={styles.result}
        onClick={props.onOpen}
        ref={(element) => {
          if (isChosen) element?.scrollIntoView({ block: 'nearest' })
        }}
      >
        <Icon size={15} strokeWidth={1.75} aria-hidden />
        <Name name={result.name} id={result.id ?? ''} />
        {result.id && <Id>{result.id}</Id>}
        <span className={styles.caps}>
          {isChosen ? (
            <CornerDownLeft size={13} aria-hidden />
          ) : (
            result.keys && keyCaps(result.keys).map((cap) => <kbd key={cap}>{cap}</kbd>)
          )}
        </span>
      </div>
    </>
  )
}

function useResults(text: string): Result[] {
  const addresses = useAddresses()
  const wanted = text.toLowerCase()
  const views = NAVIGATION.flat()
    .filter(({ label }) => label.toLowerCase().includes(wanted))
    .map(
      ({ label, icon, to, key }): Result => ({
        key: `view ${label}`,
        kind: 'Views',
        icon,
        name: label,
        keys: key && `g ${key}`,
        to: to(addresses),
      }),
    )
  const customers = useCustomersFound(text).rows.map(
    ({ id, name }): Result => ({
      key: `customer ${id}`,
      kind: 'Customers',
      icon: Users,
      name: name ?? id,
      id,
      to: addresses.customer(id),
    }),
  )
  return text === '' ? [...views, ...customers] : [...customers, ...views]
}
