import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { EntitlementExplanation } from '../../../../src/api.gen.ts'
import { useAddresses } from '../../address-state.ts'
import { BudgetDialog } from '../../customer/budget-dialog.tsx'
import { GrantDialog } from '../../customer/grant-dialog.tsx'
import type { Names } from '../../explain/names.ts'
import { type Way, WaysOut } from '../../explain/ways-out.tsx'
import type { Question } from './request.ts'

/** The ways out, each with the edit that it names, filled in. */
export function WaysPanel(props: {
  answer: EntitlementExplanation
  question: Question
  customer: string
  capability: string
  names: Names
  onAsk: (question: Question) => void
}) {
  const { answer, question, customer, capability, names, onAsk } = props
  const [chosen, setChosen] = useState<Way | null>(null)
  const navigate = useNavigate()
  const addresses = useAddresses()
  const actionOf = (way: Way): (() => void) | null => {
    if (way.change === 'requestedUsage')
      return () => onAsk({ ...question, amount: way.to === null ? '' : String(way.to) })
    if (way.change === 'requestedValues' || way.change === 'resource')
      return () => onAsk({ ...question, values: '', resource: '' })
    if (way.change === 'customer')
      return () =>
        void navigate({
          to: way.to === 'ACTIVE' ? addresses.customer(question.customer) : addresses.customers,
        })
    const isEdit = way.change === 'budget' || (way.change === 'entitlement' && way.to === 'GRANTED')
    return isEdit && question.feature !== '' ? () => setChosen(way) : null
  }
  const close = () => setChosen(null)
  return (
    <>
      <WaysOut {...{ answer, customer, capability, names, actionOf }} />
      {chosen?.change === 'budget' && (
        <BudgetDialog
          place={{
            customerId: question.customer,
            entityId: chosen.entityId ?? '',
            name: names.get(chosen.entityId ?? '') ?? chosen.entityId ?? '',
            capability: { featureId: question.feature },
            scopeEntityIds: chosen.scopeEntityIds ?? [],
          }}
          limit={Number(chosen.to)}
          onClose={close}
        />
      )}
      {chosen?.change === 'entitlement' && (
        <GrantDialog
          customer={{ id: question.customer, name: customer }}
          first={{ featureId: question.feature, limit: question.amount }}
          onClose={close}
        />
      )}
    </>
  )
}
