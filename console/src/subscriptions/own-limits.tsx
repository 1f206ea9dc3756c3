import { Pencil, Plus, X } from 'lucide-react'
import { useState } from 'react'
import type { Subscription } from '../../../src/api.gen.ts'
import { useAddresses } from '../address-state.ts'
import { useSession } from '../api/session.tsx'
import { useWrite } from '../api/use-write.ts'
import { limitText } from '../packages/entitlement-words.ts'
import { Button, IconButton } from '../ui/button.tsx'
import { LinkTo, Muted, Section } from '../ui/page.tsx'
import { type Column, Table } from '../ui/table.tsx'
import { Id } from '../ui/text.tsx'
import { tell } from '../ui/toast.tsx'
import { OwnLimitDialog } from './own-limit-dialog.tsx'
import { inputOfLimit, limitsWith, type OwnLimit } from './own-limit-values.ts'
import { isOver, TEXTS } from './texts.ts'

/** The limits that a subscription has instead of those of its plan. */
export function OwnLimits(props: { subscription: Subscription; etag: string | undefined }) {
  const { subscription, etag } = props
  const { subscriptionEntitlements: limits } = subscription
  const addresses = useAddresses()
  const [edited, setEdited] = useState<OwnLimit | 'NEW' | null>(null)
  const mayNot = useSession().whyNot('v1.subscriptions.update')
  const reason = isOver(subscription) ? TEXTS.over : mayNot
  const columns: readonly Column<OwnLimit>[] = [
    {
      title: 'Feature',
      cell: ({ id }) => (
        <LinkTo address={addresses.feature(id)}>
          <Id>{id}</Id>
        </LinkTo>
      ),
    },
    { title: 'Gives', cell: limitText },
  ]
  const actionsOf = (limit: OwnLimit) => (
    <>
      <IconButton
        size="small"
        icon={Pencil}
        label={`Edit ${limit.id}`}
        reason={reason}
        onClick={() => setEdited(limit)}
      />
      <RemoveLimit {...{ subscription, etag, limit, reason }} />
    </>
  )
  return (
    <Section
      title="Own limits"
      actions={
        <Button size="small" icon={Plus} reason={reason} onClick={() => setEdited('NEW')}>
          Add own limit
        </Button>
      }
    >
      {limits.length === 0 ? (
        <Muted>{TEXTS.noOwnLimits}</Muted>
      ) : (
        <Table
          label="Own limits"
          rows={limits}
          columns={columns}
          keyOf={({ id }) => id}
          actions={actionsOf}
        />
      )}
      {edited !== null && (
        <OwnLimitDialog
          {...{ subscription, etag }}
          limit={edited === 'NEW' ? null : edited}
          onClose={() => setEdited(null)}
        />
      )}
    </Section>
  )
}

/** Removes a limit. Undo gives it again. */
function RemoveLimit(props: {
  subscription: Subscription
  etag: string | undefined
  limit: OwnLimit
  reason: string | null
}) {
  const { subscription, etag, limit, reason } = props
  const { id, subscriptionEntitlements: stored } = subscription
  const update = useWrite('v1.subscriptions.update')
  const again = useWrite('v1.subscriptions.update')
  const requestOf = (entitlements: ReturnType<typeof limitsWith>) => ({
    params: { id },
    body: { entitlements },
  })
  const run = () =>
    update.mutate(
      { ...requestOf(limitsWith(stored, null, limit.id)), ifMatch: etag },
      {
        onError: ({ message }) => tell(message),
        onSuccess: () =>
          tell(`The subscription has the limit of ${limit.id} that its plan gives.`, () =>
            again.mutateAsync(requestOf(stored.map(inputOfLimit))),
          ),
      },
    )
  return (
    <IconButton
      size="small"
      icon={X}
      label={`Remove ${limit.id}`}
      reason={reason ?? update.reason}
      isBusy={update.isPending}
      onClick={run}
    />
  )
}
