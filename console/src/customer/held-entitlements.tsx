import type { ReactNode } from 'react'
import type { Entitlement, FeatureEntitlement } from '../../../src/api.gen.ts'
import { useAddresses } from '../address-state.ts'
import { useRead } from '../api/use-read.ts'
import { formatNumber, formatReset } from '../format.ts'
import { Bar } from '../ui/bar.tsx'
import { Section } from '../ui/page.tsx'
import { Empty, Loaded } from '../ui/states.tsx'
import { type Column, Table } from '../ui/table.tsx'
import { Id, Name, None, Time, YesNo } from '../ui/text.tsx'
import { useCustomer } from './customer-frame.tsx'
import styles from './held-entitlements.module.css'

/** The entitlements of the customer. Each row links to its explanation. */
export function HeldEntitlements({ actions }: { actions?: ReactNode }) {
  const { id } = useCustomer()
  const addresses = useAddresses()
  const reading = useRead('v1.customers.retrieveEntitlements', { params: { id } })
  const columns: readonly Column<Entitlement>[] = [
    { title: 'Feature', cell: (row) => <Name name={nameOf(row)} id={idOf(row)} /> },
    { title: 'Id', cell: (row) => <Id>{idOf(row)}</Id>, isSecondary: true },
    {
      title: 'Now',
      cell: ({ isGranted }) => <YesNo isYes={isGranted} yes="granted" no="denied" />,
    },
    { title: 'Used', cell: (row) => <Used of={row} />, isEnd: true },
    { title: '', cell: (row) => <UsedBar of={row} />, width: '18%', isSecondary: true },
    {
      title: 'Starts again',
      cell: ({ usagePeriodEnd }) => (usagePeriodEnd ? <Time at={usagePeriodEnd} /> : <None />),
      isSecondary: true,
    },
  ]
  return (
    <Section title="Entitlements" actions={actions}>
      <Loaded reading={reading} rows={4}>
        {({ data: { entitlements } }) =>
          entitlements.length === 0 ? (
            <Empty
              title="This customer holds nothing yet."
              call={`POST /api/v1/customers/${id}/promotional-entitlements`}
            >
              {actions}
            </Empty>
          ) : (
            <Table
              label="Entitlements"
              rows={entitlements}
              columns={columns}
              keyOf={idOf}
              toOf={(row) =>
                addresses.explain({
                  customer: id,
                  ...(row.type === 'CREDIT' ? { currency: idOf(row) } : { feature: idOf(row) }),
                })
              }
            />
          )
        }
      </Loaded>
    </Section>
  )
}

const idOf = (row: Entitlement): string =>
  row.type === 'CREDIT' ? row.currency.currencyId : (row.feature?.id ?? '')

const nameOf = (row: Entitlement): string | null =>
  row.type === 'CREDIT' ? row.currency.displayName : (row.feature?.displayName ?? null)

/** Only numbers are counted: a switch and a choice are held or not. */
const isCounted = (row: Entitlement): boolean =>
  row.type === 'CREDIT' || row.feature?.featureType === 'NUMBER'

const isUnlimited = (row: Entitlement): boolean =>
  row.type === 'FEATURE' && row.hasUnlimitedUsage === true

function Used({ of: row }: { of: Entitlement }) {
  const limit = row.usageLimit ?? null
  if (!isCounted(row)) return <None />
  const used = formatNumber(row.currentUsage ?? 0)
  const reset = row.type === 'FEATURE' ? resetOf(row) : null
  return (
    <span className={styles.used}>
      {used}
      {limit !== null && !isUnlimited(row) && ` of ${formatNumber(limit)}`}
      {reset && <span className={styles.reset}> {reset}</span>}
      {isUnlimited(row) && ', no limit'}
    </span>
  )
}

const resetOf = ({ resetPeriod }: FeatureEntitlement): string | null =>
  resetPeriod ? formatReset(resetPeriod) : null

function UsedBar({ of: row }: { of: Entitlement }) {
  const limit = row.usageLimit ?? null
  if (!isCounted(row) || limit === null || isUnlimited(row)) return null
  return <Bar used={row.currentUsage ?? 0} limit={limit} />
}
