import type { PromotionalEntitlement } from '../../../../src/api.gen.ts'
import { useList } from '../../api/use-read.ts'
import { useCustomer } from '../../customer/customer-frame.tsx'
import { GrantDialog } from '../../customer/grant-dialog.tsx'
import { HeldEntitlements } from '../../customer/held-entitlements.tsx'
import { formatNumber, formatReset } from '../../format.ts'
import { useOpener } from '../../shell/use-opener.tsx'
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
  const opener = useOpener('v1.customers.promotionalEntitlements.create', 'Grant', {
    keyLabel: 'Grant a feature',
  })
  const list = useList('v1.customers.promotionalEntitlements.list', {
    params: { id: customer.id },
  })
  return (
    <>
      <HeldEntitlements actions={opener.button()} />
      <Section title="Grants">
        <ListTable
          label="Grants"
          list={list}
          columns={COLUMNS}
          actions={(row) => row.status !== 'Expired' && <RevokeButton grant={row} />}
          empty={<Empty title="Nothing was granted outside of a plan." />}
        />
      </Section>
      {opener.isOpen && (
        <GrantDialog
          customer={{ id: customer.id, name: customer.name || customer.id }}
          onClose={opener.close}
        />
      )}
    </>
  )
}
