import type { ReactNode } from 'react'
import type { Product } from '../../../../src/api.gen.ts'
import { type Search, useAddresses, useFilters } from '../../address-state.ts'
import { useList } from '../../api/use-read.ts'
import { formatNumber } from '../../format.ts'
import { EVENTS_OF } from '../../packages/events.ts'
import {
  KINDS,
  OPERATIONS,
  type PackageKind,
  type PackageVersion,
} from '../../packages/operations.ts'
import { StatusChip } from '../../packages/status-chip.tsx'
import { PRICING_WORDS } from '../../packages/words.ts'
import { useOpener } from '../../shell/use-opener.tsx'
import { FilterSelect } from '../../ui/filter.tsx'
import { Section, Stack, Toolbar } from '../../ui/page.tsx'
import { Empty, IfPermitted } from '../../ui/states.tsx'
import { type Column, ListTable } from '../../ui/table.tsx'
import { Id, Name, None, Time } from '../../ui/text.tsx'
import { CreatePackage } from './create-package.tsx'
import { SHOWN, STATUSES, TEXTS } from './texts.ts'

const COLUMNS: readonly Column<PackageVersion>[] = [
  { title: 'Name', cell: ({ id, displayName }) => <Name name={displayName} id={id} /> },
  { title: 'Id', cell: ({ id }) => <Id>{id}</Id>, isSecondary: true },
  { title: 'Version', cell: ({ versionNumber }) => formatNumber(versionNumber), isEnd: true },
  { title: 'Status', cell: ({ status }) => <StatusChip status={status} /> },
  {
    title: 'Pricing',
    cell: ({ pricingType }) => (pricingType === null ? <None /> : PRICING_WORDS[pricingType]),
    isSecondary: true,
  },
  { title: 'Changed', cell: ({ updatedAt }) => <Time at={updatedAt} />, isSecondary: true },
]

const filterOf = ({ state }: Search) => ({ state: SHOWN.in(state) })

/** The plans and add-ons of a product. A draft and what is published of it are two rows. */
export function Packages({ product }: { product: Product }) {
  const filters = useFilters(filterOf)
  const reason = product.status === 'ARCHIVED' ? TEXTS.archived : null
  const plan = useOpener('v1.plans.create', 'New plan', { reason })
  const addon = useOpener('v1.addons.create', 'New add-on', { keys: 'a', reason })
  return (
    <Stack>
      <Toolbar>
        <FilterSelect {...filters.bind('state')} label="Versions" choices={SHOWN.choices} />
      </Toolbar>
      <PackageSection kind="plan" {...{ product, filters, opener: plan }} />
      <PackageSection kind="addon" {...{ product, filters, opener: addon }} />
    </Stack>
  )
}

function PackageSection(props: {
  kind: PackageKind
  product: Product
  filters: ReturnType<typeof useFilters<ReturnType<typeof filterOf>>>
  opener: ReturnType<typeof useOpener>
}) {
  const { kind, product, filters, opener } = props
  const { title } = KINDS[kind]
  return (
    <Section title={title} actions={opener.button('normal')}>
      <IfPermitted id={OPERATIONS[kind].list}>
        <PackageList {...{ kind, product, filters }} create={opener.button('normal')} />
      </IfPermitted>
      {opener.isOpen && <CreatePackage kind={kind} product={product} onClose={opener.close} />}
    </Section>
  )
}

function PackageList(
  props: Pick<Parameters<typeof PackageSection>[0], 'kind' | 'product' | 'filters'> & {
    create: ReactNode
  },
) {
  const { kind, product, filters, create } = props
  const { one, several, title, path } = KINDS[kind]
  const addresses = useAddresses()
  const list = useList(OPERATIONS[kind].list, {
    query: { productId: product.id, status: [...STATUSES[filters.values.state]] },
  })
  return (
    <ListTable<PackageVersion>
      label={title}
      list={list}
      columns={COLUMNS}
      keyOf={({ id, versionNumber }) => `${id} ${versionNumber}`}
      toOf={({ id }) => addresses[kind](id)}
      historyOf={({ id }) => addresses.historyOf(id, { types: EVENTS_OF[kind] })}
      what={one}
      filters={filters}
      empty={
        <Empty title={`No ${several} yet.`} call={`POST ${path}`}>
          {create}
        </Empty>
      }
    />
  )
}
