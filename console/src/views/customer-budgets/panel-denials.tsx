import type { Decision } from '../../../../src/api.gen.ts'
import { useAddresses } from '../../address-state.ts'
import { useSession } from '../../api/session.tsx'
import { useCustomer } from '../../customer/customer-frame.tsx'
import { REASONS } from '../../decisions/reasons.ts'
import { formatNumber } from '../../format.ts'
import { LinkButton } from '../../ui/button.tsx'
import { Muted, Section } from '../../ui/page.tsx'
import { type Column, ShortList } from '../../ui/table.tsx'
import { Id, None, Time } from '../../ui/text.tsx'

const ROWS = 5

const COLUMNS: readonly Column<Decision>[] = [
  { title: 'When', cell: ({ lastAt }) => <Time at={lastAt} /> },
  { title: 'Of', cell: ({ featureId, currencyId }) => <Id>{featureId ?? currencyId ?? ''}</Id> },
  {
    title: 'Asked',
    cell: ({ request }) =>
      request?.requestedUsage == null ? <None /> : formatNumber(request.requestedUsage),
    isEnd: true,
  },
  { title: 'Why', cell: ({ accessDeniedReason }) => REASONS[accessDeniedReason] },
]

/** The last denials of an entity, each with the way to its drawing. */
export function PanelDenials({ entityId }: { entityId: string }) {
  const { id: customerId } = useCustomer()
  const addresses = useAddresses()
  const reason = useSession().whyNot('v1.decisions.list')
  return (
    <Section
      title="Last denials"
      actions={
        <LinkButton size="small" to={addresses.denialsOf(customerId, entityId)}>
          All
        </LinkButton>
      }
    >
      {reason !== null ? (
        <Muted>{reason}</Muted>
      ) : (
        <ShortList
          label="Last denials"
          id="v1.decisions.list"
          request={{ query: { customerId, entityId, limit: ROWS } }}
          count={2}
          columns={COLUMNS}
          toOf={({ id }) => addresses.decision(id)}
          none="Nothing was denied."
        />
      )}
    </Section>
  )
}
