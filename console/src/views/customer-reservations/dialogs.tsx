import { useState } from 'react'
import type { Reservation, ReservationOverage } from '../../../../src/api.gen.ts'
import { useWrite } from '../../api/use-write.ts'
import { formatNumber } from '../../format.ts'
import { FieldRow, SelectField, TextField } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form.tsx'
import { tell } from '../../ui/toast.tsx'
import { LENGTHS, OVERAGES, TEXTS } from './texts.ts'

type Props = { of: Reservation; onClose: () => void }

const paramsOf = ({ id, customerId }: Reservation) => ({ id: customerId, reservationId: id })

/** Records what was used of a hold. */
export function CommitDialog({ of: reservation, onClose }: Props) {
  const [amount, setAmount] = useState(String(reservation.amount))
  const [overage, setOverage] = useState<ReservationOverage>('reject')
  const commit = useWrite('v1.customers.reservations.commit', {
    onDone: ({ data }) => {
      onClose()
      tell(
        data.isGranted
          ? `${formatNumber(Number(amount))} recorded as used.`
          : 'The rest was denied. The hold stays open.',
      )
    },
  })
  const value = Number(amount)
  const isNumber = amount.trim() !== '' && !Number.isNaN(value)
  return (
    <FormDialog
      isOpen
      onClose={onClose}
      title={`Commit the hold of ${formatNumber(reservation.amount)}`}
      description={TEXTS.commit}
      submit="Commit"
      isBusy={commit.isPending}
      error={commit.error}
      reason={isNumber ? commit.reason : 'The amount is not a number.'}
      onSubmit={() =>
        commit.mutate({ params: paramsOf(reservation), body: { amount: value, overage } })
      }
    >
      <FieldRow>
        <TextField
          name="amount"
          label="Used"
          value={amount}
          onChange={setAmount}
          hint="If less is used, the rest is free again."
          isNumber
          isFirst
        />
        <SelectField
          name="overage"
          label="What is more than the hold"
          value={overage}
          onChange={setOverage}
          choices={OVERAGES}
        />
      </FieldRow>
    </FormDialog>
  )
}

/** Gives the amount back. */
export function ReleaseDialog({ of: reservation, onClose }: Props) {
  const release = useWrite('v1.customers.reservations.release', {
    onDone: () => {
      onClose()
      tell('The hold was released.')
    },
  })
  return (
    <FormDialog
      isOpen
      onClose={onClose}
      title={`Release the hold of ${formatNumber(reservation.amount)}`}
      submit="Release"
      isDanger
      isBusy={release.isPending}
      error={release.error}
      reason={release.reason}
      onSubmit={() => release.mutate({ params: paramsOf(reservation) })}
    >
      <p>{TEXTS.release}</p>
    </FormDialog>
  )
}

/** Holds the amount for longer, from now on. */
export function ExtendDialog({ of: reservation, onClose }: Props) {
  const [length, setLength] = useState<(typeof LENGTHS)[number]['value']>('300')
  const extend = useWrite('v1.customers.reservations.extend', {
    onDone: () => {
      onClose()
      tell('The hold was extended.')
    },
  })
  return (
    <FormDialog
      isOpen
      onClose={onClose}
      title={`Hold ${formatNumber(reservation.amount)} longer`}
      description={TEXTS.extend}
      submit="Hold longer"
      isBusy={extend.isPending}
      error={extend.error}
      reason={extend.reason}
      onSubmit={() =>
        extend.mutate({ params: paramsOf(reservation), body: { ttlSeconds: Number(length) } })
      }
    >
      <SelectField
        name="ttlSeconds"
        label="From now on for"
        value={length}
        onChange={setLength}
        choices={LENGTHS}
      />
    </FormDialog>
  )
}
