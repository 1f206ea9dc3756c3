import type { Subscription } from '../../../src/api.gen.ts'
import { FormDialog } from '../ui/form.tsx'
import { Facts } from '../ui/page.tsx'
import { Time } from '../ui/text.tsx'
import { useForm } from '../ui/use-form.ts'
import { TEXTS } from './texts.ts'
import { timelineOf } from './timeline.ts'

/** What is given up: what has an instant, or what waits for a payment. */
export type PendingKind = 'schedule' | 'payment'

const OPERATIONS = {
  schedule: 'v1.subscriptions.futureUpdate.cancelSchedule',
  payment: 'v1.subscriptions.futureUpdate.cancelPendingPayment',
} as const

/** Returns whether there is something to give up. */
export const isPending = (
  { futureUpdates, cancellationDate }: Subscription,
  what: PendingKind,
): boolean =>
  what === 'payment'
    ? futureUpdates.some(({ scheduleStatus }) => scheduleStatus === 'PENDING_PAYMENT')
    : cancellationDate !== null ||
      futureUpdates.some(({ scheduleStatus }) => scheduleStatus === 'SCHEDULED')

/** Gives up what is pending for a subscription. */
export function GiveUp(props: {
  subscription: Subscription
  etag: string | undefined
  what: PendingKind
  onClose: () => void
}) {
  const { subscription, etag, what, onClose } = props
  const form = useForm(OPERATIONS[what], {
    first: {},
    etag,
    requestOf: () => ({ params: { id: subscription.id } }),
    doneText: () => 'What was scheduled is given up.',
    onDone: onClose,
  })
  const ahead = timelineOf(subscription, []).ahead.filter(
    ({ key }) => key.startsWith('update') || key === 'cancellation',
  )
  return (
    <FormDialog
      form={form}
      onClose={onClose}
      title="Give up what is scheduled?"
      description={TEXTS.giveUp}
      submit="Give up"
      isDanger
    >
      <Facts rows={ahead.map(({ key, at, what: text }) => [text, <Time key={key} at={at} />])} />
    </FormDialog>
  )
}
