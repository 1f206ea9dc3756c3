import type { PackageEntitlement } from '../../../src/api.gen.ts'
import { givesText, targetOf } from '../packages/entitlement-words.ts'
import { rowsOf } from '../packages/inherit.ts'
import { useEntitlements, useEntitlementsOfAddons } from '../packages/use-entitlements.ts'
import type { Packages, Peers } from '../packages/use-packages.ts'
import { Muted } from '../ui/page.tsx'
import { Loading, Problem } from '../ui/states.tsx'
import { type Column, Table } from '../ui/table.tsx'
import { Id, Name } from '../ui/text.tsx'
import { type AddonRow, addonsOf } from './addons-field.tsx'
import { TEXTS } from './texts.ts'

type Row = { key: string; entitlement: PackageEntitlement; from: string }

/** What a plan with its add-ons will give, as far as it is published. */
export function Preview(props: { planId: string; addons: readonly AddonRow[]; peers: Peers }) {
  const { planId, addons, peers } = props
  const plan = peers.plan.publishedOf(planId)
  const chosen = addonsOf(addons).filter(
    ({ id, quantity }) => quantity > 0 && peers.addon.publishedOf(id) !== null,
  )
  const given = useEntitlements(
    { kind: 'plan', id: planId },
    { isDraft: false, isInherited: true, isOn: plan !== null },
  )
  const added = useEntitlementsOfAddons(chosen.map(({ id }) => id))
  const called = (packages: Packages, id: string) => packages.nameOf(id) ?? id
  const rows: Row[] = [
    ...rowsOf(given.data?.data ?? []).map(({ entitlement, from }) => ({
      key: `plan ${targetOf(entitlement)}`,
      entitlement,
      from: called(peers.plan, from ?? planId),
    })),
    ...(added.addons ?? []).flatMap(({ id, entitlements }, at) =>
      entitlements.map((entitlement) => ({
        key: `${id} ${targetOf(entitlement)}`,
        entitlement,
        from: fromText(called(peers.addon, id), chosen[at]?.quantity ?? 1, entitlement),
      })),
    ),
  ]
  if (plan === null) return <Muted>{TEXTS.choosePlan}</Muted>
  const error = given.error ?? added.error
  if (error !== null) return <Problem error={error} />
  if (given.data === undefined || added.addons === undefined) return <Loading rows={3} />
  if (rows.length === 0) return <Muted>{TEXTS.grantsNothing}</Muted>
  const columns: readonly Column<Row>[] = [
    {
      title: 'It will give',
      cell: ({ entitlement }) => (
        <>
          <Name name={entitlement.displayName} id={entitlement.id} /> <Id>{entitlement.id}</Id>
        </>
      ),
    },
    { title: 'How much', cell: ({ entitlement }) => givesText(entitlement) },
    { title: 'From', cell: ({ from }) => from },
  ]
  const keyOf = ({ key }: Row) => key
  return <Table label="It will give" rows={rows} columns={columns} keyOf={keyOf} isPlain />
}

const fromText = (name: string, quantity: number, { behavior }: PackageEntitlement): string =>
  [
    name,
    quantity > 1 && ` × ${quantity}`,
    behavior === 'Override' && ', instead of what the plan gives',
  ]
    .filter(Boolean)
    .join('')
