// biome-ignore-all lint/a11y/useSemanticElements: rows stand at places that a table does not have
// biome-ignore-all lint/a11y/useFocusableInteractive: a row has the focus, and its cells never do
import { type KeyboardEvent, useRef, useState } from 'react'
import type { BudgetStanding } from '../../../../src/api.gen.ts'
import { useWrite } from '../../api/use-write.ts'
import { limitOf, refuseLimit } from '../../customer/budget-fields.tsx'
import { useCustomer } from '../../customer/customer-frame.tsx'
import { formatNumber } from '../../format.ts'
import { None } from '../../ui/text.tsx'
import { tell } from '../../ui/toast.tsx'
import styles from './view.module.css'

export type LimitOf = { entityId: string; name: string; featureId: string; budget: BudgetStanding }

/** The limit of a row, which a double click edits in place. */
export function LimitCell(props: {
  of: LimitOf | null
  isTighter: boolean
  isEditing: boolean
  onEdit: () => void
  /** `isNext`: the next row is edited then. */
  onEnd: (isNext: boolean) => void
}) {
  const { of, isTighter, isEditing, onEdit, onEnd } = props
  const limit = of?.budget.usageLimit ?? null
  if (isEditing && of !== null) return <LimitField of={of} onEnd={onEnd} />
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid handles keys
    <div
      role="gridcell"
      className={styles.number}
      title={of === null ? undefined : 'Double click to edit'}
      onClick={(event) => of !== null && event.stopPropagation()}
      onDoubleClick={onEdit}
    >
      {limit === null ? <None /> : isTighter ? <s>{formatNumber(limit)}</s> : formatNumber(limit)}
    </div>
  )
}

/** Enter saves, Tab saves and goes to the next row, Escape leaves the limit as it is. */
function LimitField({ of, onEnd }: { of: LimitOf; onEnd: (isNext: boolean) => void }) {
  const { id } = useCustomer()
  const { entityId, name, featureId, budget } = of
  const first = budget.usageLimit === null ? '' : String(budget.usageLimit)
  const [text, setText] = useState(first)
  const isDone = useRef(false)
  const params = { id }
  const undo = useWrite('v1Beta.customers.assignments.upsert')
  const save = useWrite('v1Beta.customers.assignments.upsert')
  const bodyOf = (usageLimit: number | null) => ({
    entityEntitlements: [{ entityId, featureId, usageLimit }],
  })
  const limit = limitOf(text)
  const isWrong = refuseLimit(text) !== null
  const end = (isNext: boolean) => {
    isDone.current = true
    onEnd(isNext)
  }
  const send = (isNext: boolean) => {
    if (isWrong || save.isPending) return
    if (text.trim() === first) return end(isNext)
    save.mutate(
      { params, body: bodyOf(limit) },
      {
        onSuccess: () => {
          end(isNext)
          tell(
            `The budget of ${name} is ${limit === null ? 'without a limit' : formatNumber(limit)}.`,
            () => undo.mutateAsync({ params, body: bodyOf(budget.usageLimit) }),
          )
        },
      },
    )
  }
  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation()
    if (event.key === 'Escape') end(false)
    else if (event.key === 'Enter') send(false)
    else if (event.key === 'Tab' && !event.shiftKey) {
      event.preventDefault()
      send(true)
    }
  }
  const problem = save.reason ?? (isWrong ? 'Not a number.' : (save.error?.message ?? null))
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: a click in the field opens no panel
    <div role="gridcell" className={styles.field} onClick={(event) => event.stopPropagation()}>
      <input
        // biome-ignore lint/a11y/noAutofocus: somebody has just asked to edit it
        autoFocus
        aria-label={`Limit of ${name}`}
        aria-invalid={problem !== null}
        inputMode="decimal"
        value={text}
        readOnly={save.isPending || save.reason !== null}
        onFocus={(event) => event.currentTarget.select()}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
        onBlur={() => !isDone.current && !save.isPending && problem === null && end(false)}
      />
      {problem !== null && (
        <span role="alert" className={styles.wrong}>
          {problem}
        </span>
      )}
    </div>
  )
}
