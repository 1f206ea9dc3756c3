import type { PackageEntitlement } from '../../../src/api.gen.ts'
import { Muted } from '../ui/page.tsx'
import type { Column } from '../ui/table.tsx'
import { Chip, Id, Name, None } from '../ui/text.tsx'
import { besidesText, givesText, targetOf } from './entitlement-words.ts'
import type { EntitlementRow } from './inherit.ts'
import { PackageLink } from './package-names.tsx'
import type { PackageState } from './state.ts'
import { TEXTS } from './texts.ts'
import { useEntitlements } from './use-entitlements.ts'
import type { Packages } from './use-packages.ts'

type Context = { state: PackageState; isDraft: boolean; packages: Packages }

/** What is shown of each entitlement. */
export function columnsOf(context: Context): Column<EntitlementRow>[] {
  const { state, isDraft, packages } = context
  const peer = (id: string) => <PackageLink kind="plan" id={id} nameOf={packages.nameOf} />
  return [
    {
      title: 'Feature or credits',
      width: '30%',
      cell: ({ entitlement, from }) => (
        <>
          <Name name={entitlement.displayName} id={entitlement.id} /> <Id>{entitlement.id}</Id>{' '}
          {isDraft && from === null && <Since row={entitlement} state={state} />}
        </>
      ),
    },
    {
      title: 'Gives',
      cell: ({ entitlement, replaces }) => (
        <>
          {givesText(entitlement)}
          {replaces && (
            <div>
              <Muted>instead of {givesText(replaces.entitlement)} of </Muted>
              {peer(replaces.planId)}
            </div>
          )}
        </>
      ),
    },
    {
      title: 'Besides',
      isSecondary: true,
      cell: ({ entitlement }) => (
        <>
          {besidesText(entitlement) || <None />}
          {entitlement.description && (
            <div>
              <Muted>{entitlement.description}</Muted>
            </div>
          )}
        </>
      ),
    },
    ...(state.kind === 'addon'
      ? []
      : [
          {
            title: 'From',
            cell: ({ from }: EntitlementRow) =>
              from === null ? 'this plan' : <>inherited from {peer(from)}</>,
          },
        ]),
  ]
}

/** Whether an entitlement of a draft is new, or differs from what is published. */
function Since({ row, state }: { row: PackageEntitlement; state: PackageState }) {
  const { published, draft } = state
  if (published === null || draft === null) return null
  if (!published.entitlements.some((each) => targetOf(each) === targetOf(row)))
    return <Chip tone="near">new</Chip>
  return row.updatedAt > draft.createdAt ? <Chip tone="near">changed</Chip> : null
}

/** What is published, and not in the draft any more. */
export function Gone({ state, rows }: { state: PackageState; rows: readonly EntitlementRow[] }) {
  const { published } = state
  const own = rows.filter(({ from }) => from === null).map((row) => targetOf(row.entitlement))
  const isGone = (each: Parameters<typeof targetOf>[0]) => !own.includes(targetOf(each))
  const isOn = published?.entitlements.some(isGone) ?? false
  const gone = useEntitlements(state, { isDraft: false, isOn }).data?.data.filter(isGone) ?? []
  if (published === null || !isOn || gone.length === 0) return null
  return (
    <p>
      <Muted>{TEXTS.goneFrom(published.versionNumber)} </Muted>
      {gone.map((each, at) => (
        <span key={targetOf(each)}>
          {at > 0 && ', '}
          <Name name={each.displayName} id={each.id} />
        </span>
      ))}
    </p>
  )
}
