import { Plus } from 'lucide-react'
import { useState } from 'react'
import type { PromotionalEntitlement } from '../../../../src/api.gen.ts'
import { useSession } from '../../api/session.tsx'
import { useList } from '../../api/use-read.ts'
import { useCustomer } from '../../customer/customer-frame.tsx'
import { GrantDialog } from '../../customer/grant-dialog.tsx'
import { HeldEntitlements } from '../../customer/held-entitlements.tsx'
import { formatNumber, formatReset } from '../../format.ts'
import { useShortcuts } from '../../shell/keys.ts'
import { Button } from '../../ui/button.tsx'
import { Section } from '../../ui/page.tsx'
import { Empty } from '../../ui/states.tsx'
import { type Column, ListTable } from '../../ui/table.tsx'
import { Chip, Id, Name, None, Time } from '../../ui/text.tsx'
import { RevokeButton } from './revoke-button.tsx'

const COLUMNS: readonly Column<PromotionalEntitlement>[] = [
  {
    title: 'Feature',
    cell: ({ feature }) => (
      <>
        <Name name={feature.displayName} id={feature.id} /> <Id>{feature.id}</Id>
      </>
    ),
  },
  { title: 'Gives', cell: (row) => givesText(row) },
  { title: 'State', cell: ({ status }) => <Chip>{status.toLowerCase()}</Chip> },
  { title: 'Since', cell: ({ startDate }) => <Time at={startDate} />, isSecondary: true },
  {
    title: 'Until',
    cell: ({ endDate }) => (endDate ? <Time at={endDate} /> : <None>no end</None>),
    isSecondary: true,
  },
]

function givesText(row: PromotionalEntitlement): string {
  if (row.enumValues) return row.enumValues.join(', ')
  if (row.hasUnlimitedUsage) return 'no limit'
  if (row.usageLimit === null) return 'yes'
  const reset = row.resetPeriod ? ` ${formatReset(row.resetPeriod)}` : ''
  return `${formatNumber(row.usageLimit)}${reset}${row.hasSoftLimit ? ', soft' : ''}`
}

export function View() {
  const customer = useCustomer()
  const [isGranting, setGranting] = useState(false)
  const reason = useSession().whyNot('v1.customers.promotionalEntitlements.create')
  useShortcuts([{ keys: 'n', label: 'Grant a feature', run: () => setGranting(reason === null) }])
  const grant = (
    <Button icon={Plus} look="primary" reason={reason} onClick={() => setGranting(true)}>
      Grant
    </Button>
  )
  const list = useList('v1.customers.promotionalEntitlements.list', {
    params: { id: customer.id },
  })
  return (
    <>
      <HeldEntitlements actions={grant} />
      <Section title="Grants">
        <ListTable
          label="Grants"
          list={list}
          columns={COLUMNS}
          keyOf={({ id }) => id}
          actions={(row) => row.status !== 'Expired' && <RevokeButton grant={row} />}
          empty={<Empty title="Nothing was granted outside of a plan." />}
        />
      </Section>
      {isGranting && (
        <GrantDialog
          customer={{ id: customer.id, name: customer.name || customer.id }}
          onClose={() => setGranting(false)}
        />
      )}
    </>
  )
}
