import type { Reservation, ReservationOverage } from '../../../../src/api.gen.ts'
import { formatNumber } from '../../format.ts'
import { FieldRow, SelectField, TextField } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form.tsx'
import { refuseNumber } from '../../ui/number.ts'
import { useForm } from '../../ui/use-form.ts'
import { LENGTHS, type Length, OVERAGES, TEXTS } from './texts.ts'

type Props = { of: Reservation; onClose: () => void }

const paramsOf = ({ id, customerId }: Reservation) => ({ id: customerId, reservationId: id })

/** Records what was used of a hold. */
export function CommitDialog({ of: reservation, onClose }: Props) {
  const form = useForm('v1.customers.reservations.commit', {
    first: { amount: String(reservation.amount), overage: 'reject' as ReservationOverage },
    requestOf: ({ amount, overage }) => ({
      params: paramsOf(reservation),
      body: { amount: Number(amount), overage },
    }),
    check: ({ amount }) => refuseNumber('amount', amount),
    doneText: ({ data }, { amount }) =>
      data.isGranted ? `${formatNumber(Number(amount))} recorded as used.` : TEXTS.denied,
    onDone: onClose,
  })
  return (
    <FormDialog
      form={form}
      onClose={onClose}
      title={`Commit the hold of ${formatNumber(reservation.amount)}`}
      description={TEXTS.commit}
      submit="Commit"
    >
      <FieldRow>
        <TextField
          {...form.bind('amount')}
          label="Used"
          hint="If less is used, the rest is free again."
          isNumber
          isFirst
        />
        <SelectField
          {...form.bind('overage')}
          label="What is more than the hold"
          choices={OVERAGES}
        />
      </FieldRow>
    </FormDialog>
  )
}

/** Gives the amount back. */
export function ReleaseDialog({ of: reservation, onClose }: Props) {
  const form = useForm('v1.customers.reservations.release', {
    first: {},
    requestOf: () => ({ params: paramsOf(reservation) }),
    doneText: () => 'The hold was released.',
    onDone: onClose,
  })
  return (
    <FormDialog
      form={form}
      onClose={onClose}
      title={`Release the hold of ${formatNumber(reservation.amount)}`}
      submit="Release"
      isDanger
    >
      <p>{TEXTS.release}</p>
    </FormDialog>
  )
}

/** Holds the amount for longer, from now on. */
export function ExtendDialog({ of: reservation, onClose }: Props) {
  const form = useForm('v1.customers.reservations.extend', {
    first: { length: '300' as Length },
    requestOf: ({ length }) => ({
      params: paramsOf(reservation),
      body: { ttlSeconds: Number(length) },
    }),
    doneText: () => 'The hold was extended.',
    onDone: onClose,
  })
  return (
    <FormDialog
      form={form}
      onClose={onClose}
      title={`Hold ${formatNumber(reservation.amount)} longer`}
      description={TEXTS.extend}
      submit="Hold longer"
    >
      <SelectField
        {...form.bind('length', 'ttlSeconds')}
        label="From now on for"
        choices={LENGTHS}
      />
    </FormDialog>
  )
}
