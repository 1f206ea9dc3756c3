import { useNavigate } from '@tanstack/react-router'
import { CornerDownLeft, Search } from 'lucide-react'
import { type KeyboardEvent, useCallback, useEffect, useId, useState } from 'react'
import { useAddresses, useParam } from '../address-state.ts'
import { routeTo } from '../addresses.ts'
import { Dialog } from '../ui/dialog.tsx'
import { Problem } from '../ui/states.tsx'
import { Chip, Id, Name } from '../ui/text.tsx'
import styles from './frame.module.css'
import { keyCaps } from './keys.ts'
import { hitResults, placeResults, type Result } from './results.ts'
import { type Hits, LONGEST_TEXT, useHits } from './use-hits.ts'

/** One search over everything: objects of all kinds, views, and what can be done here. */
export function Palette({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  return (
    <Dialog isOpen={isOpen} onClose={onClose} title="Search">
      {isOpen && <PaletteBody onClose={onClose} />}
    </Dialog>
  )
}

function PaletteBody({ onClose }: { onClose: () => void }) {
  const [typed, setTyped] = useState('')
  const [at, setAt] = useState(0)
  // Enter pressed before the answer is there opens its first result, not one of an earlier text.
  const [isWaiting, setWaiting] = useState(false)
  const listId = useId()
  const text = typed.trim()
  const { results, hits } = useResults(text)
  const chosen = Math.min(at, results.length - 1)
  const open = useOpen(onClose)
  const first = results[0]
  useEffect(() => {
    if (isWaiting && hits.isSettled) {
      setWaiting(false)
      if (first !== undefined) open(first)
    }
  }, [isWaiting, hits.isSettled, first, open])
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    const result = results[chosen]
    if (step !== undefined && results.length > 0) {
      event.preventDefault()
      setAt((chosen + step + results.length) % results.length)
    } else if (event.key !== 'Enter') return
    else if (!hits.isSettled && at === 0) setWaiting(true)
    else if (result !== undefined) open(result)
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
          placeholder="A name, an id, an e-mail address, a view, an action"
          value={typed}
          maxLength={LONGEST_TEXT}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => {
            setTyped(event.target.value)
            setAt(0)
            setWaiting(false)
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <div id={listId} role="listbox" aria-label="Results" className={styles.results}>
        {results.map((result, index) => (
          <ResultRow
            key={result.key}
            id={`${listId}-${index}`}
            result={result}
            isFirst={results[index - 1]?.group !== result.group}
            isChosen={index === chosen}
            onOpen={() => open(result)}
          />
        ))}
      </div>
      <PaletteState hits={hits} count={results.length} />
    </>
  )
}

/** Below the results: that there are none, or why. */
function PaletteState({ hits, count }: { hits: Hits; count: number }) {
  if (hits.error !== null) return <Problem error={hits.error} />
  const sentence =
    hits.reason ?? (count === 0 && hits.isSettled ? 'Nothing begins with this text.' : '')
  return (
    <p role="status" className={styles.state}>
      {sentence}
    </p>
  )
}

function useOpen(onClose: () => void): (result: Result) => void {
  const navigate = useNavigate()
  return useCallback(
    ({ does }) => {
      onClose()
      if ('run' in does) does.run()
      else void navigate(routeTo(does.to))
    },
    [navigate, onClose],
  )
}

function useResults(text: string): { results: Result[]; hits: Hits } {
  const addresses = useAddresses()
  const customerId = useParam('customer')
  const hits = useHits(text, customerId)
  const places = placeResults(text, addresses, customerId)
  return { results: [...hitResults(hits.rows, addresses), ...places], hits }
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
      {props.isFirst && <div className={styles.kind}>{result.group}</div>}
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
        <span className={styles.found}>
          <Name name={result.name} id={result.id ?? ''} /> {result.id && <Id>{result.id}</Id>}{' '}
          {result.note && <span className={styles.note}>{result.note}</span>}
        </span>
        {result.isArchived && <Chip>archived</Chip>}
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
