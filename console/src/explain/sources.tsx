import { Check } from 'lucide-react'
import type { ReactNode } from 'react'
import type { EntitlementAllowance, EntitlementSource } from '../../../src/api.gen.ts'
import { useAddresses } from '../address-state.ts'
import type { Addresses } from '../addresses.ts'
import { formatNumber } from '../format.ts'
import { LinkTo, Muted } from '../ui/page.tsx'
import { type Column, Table } from '../ui/table.tsx'
import { Chip, None, ShortId } from '../ui/text.tsx'

const KINDS: Readonly<Record<EntitlementSource['kind'], string>> = {
  PLAN: 'plan',
  PARENT_PLAN: 'inherited from the plan',
  ADDON: 'add-on',
  SUBSCRIPTION: 'override of the subscription',
  PROMOTIONAL: 'grant',
}

/** Where an entitlement comes from: each source, what it gives, and the subscription it is in. */
export function Sources(props: { sources: readonly EntitlementSource[]; customerId: string }) {
  const { sources, customerId } = props
  const addresses = useAddresses()
  const columns: readonly Column<EntitlementSource>[] = [
    {
      title: 'Source',
      cell: (source) => (
        <>
          {KINDS[source.kind]}{' '}
          <LinkTo address={addressOf(source, addresses, customerId)}>
            <ShortId>{source.id}</ShortId>
          </LinkTo>{' '}
          <Muted>{versionText(source)}</Muted>{' '}
          {source.behavior === 'Override' && <Chip>replaces the rest</Chip>}{' '}
          {source.wins && (
            <Chip tone="granted" icon={Check}>
              decides
            </Chip>
          )}
        </>
      ),
    },
    { title: 'Gives', cell: ({ contributes }) => givenText(contributes) },
    {
      title: 'Subscription',
      cell: ({ subscriptionId }) =>
        subscriptionId ? (
          <LinkTo address={addresses.subscription(customerId, subscriptionId)}>
            <ShortId>{subscriptionId}</ShortId>
          </LinkTo>
        ) : (
          <None />
        ),
    },
  ]
  return <Table label="Sources" rows={sources} columns={columns} keyOf={keyOf} />
}

const keyOf = ({ kind, id, subscriptionId }: EntitlementSource): string =>
  `${kind} ${id} ${subscriptionId ?? ''}`

/** `version 3 × 2`: what is given is that of all units. */
function versionText({ version, quantity }: EntitlementSource): string {
  const parts = [version !== null && `version ${version}`, quantity > 1 && `× ${quantity}`]
  return parts.filter(Boolean).join(' ')
}

function addressOf(source: EntitlementSource, addresses: Addresses, customerId: string): string {
  const { kind, id } = source
  if (kind === 'PLAN' || kind === 'PARENT_PLAN') return addresses.plan(id, 'entitlements')
  if (kind === 'ADDON') return addresses.addon(id, 'entitlements')
  return kind === 'SUBSCRIPTION'
    ? addresses.subscription(customerId, id)
    : addresses.customer(customerId, 'entitlements')
}

function givenText(allowance: EntitlementAllowance | null): ReactNode {
  if (allowance === null) return <None>nothing</None>
  if (allowance.enumValues) return allowance.enumValues.join(', ')
  if (allowance.hasUnlimitedUsage) return 'no limit'
  if (allowance.usageLimit === null) return 'yes'
  return `${formatNumber(allowance.usageLimit)}${allowance.hasSoftLimit ? ', soft' : ''}`
}
