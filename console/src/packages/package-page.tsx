import type { ReactNode } from 'react'
import { useAddresses } from '../address-state.ts'
import { useSession } from '../api/session.tsx'
import { useRead } from '../api/use-read.ts'
import { LinkButton } from '../ui/button.tsx'
import { IdBeside, LinkTo, Page, Tabs } from '../ui/page.tsx'
import { IfPermitted, Loaded, Loading, Problem } from '../ui/states.tsx'
import { Name } from '../ui/text.tsx'
import { EVENTS_OF } from './events.ts'
import { OPERATIONS, type PackageKind, type PackageVersion } from './operations.ts'
import { PackageActions } from './package-actions.tsx'
import type { PackageState } from './state.ts'
import { usePackages } from './use-packages.ts'
import { useProduct } from './use-product.ts'

type Children = (state: PackageState) => ReactNode

/** Around the views of one plan or add-on: its name, what can be done with it, its tabs. */
export function PackagePage(props: { kind: PackageKind; id: string; children: Children }) {
  const { kind, id, children } = props
  const addresses = useAddresses()
  const operation = OPERATIONS[kind].retrieve
  const mayRead = useSession().whyNot(operation) === null
  const reading = useRead(operation, { params: { id } }, { isOn: mayRead })
  const shown = reading.data?.data
  const product = useProduct(shown)
  const packages = usePackages(kind, shown?.productId)
  const state = shown && stateOf({ kind, id, etag: reading.data?.etag }, shown, packages.drafts)
  return (
    <Page
      title={shown?.displayName || id}
      beside={<IdBeside id={id} isArchived={shown?.status === 'ARCHIVED'} />}
      actions={
        <>
          <LinkButton size="small" to={addresses.historyOf(id, { types: EVENTS_OF[kind] })}>
            History
          </LinkButton>
          {state && <PackageActions state={state} />}
        </>
      }
      lead={shown && <OfProduct kind={kind} id={shown.productId} name={product?.displayName} />}
    >
      <Tabs
        label={`Views of the ${kind === 'plan' ? 'plan' : 'add-on'}`}
        tabs={[
          { label: 'Versions', to: addresses[kind](id) },
          { label: 'Entitlements', to: addresses[kind](id, 'entitlements') },
        ]}
      />
      <IfPermitted id={operation}>
        <Loaded reading={reading}>
          {() =>
            state ? (
              children(state)
            ) : packages.error ? (
              <Problem error={packages.error} onRetry={() => void packages.refetch()} />
            ) : (
              <Loading />
            )
          }
        </Loaded>
      </IfPermitted>
    </Page>
  )
}

function OfProduct(props: { kind: PackageKind; id: string; name: string | undefined }): ReactNode {
  const { kind, id, name } = props
  const addresses = useAddresses()
  return (
    <>
      {kind === 'plan' ? 'A plan' : 'An add-on'} of the product{' '}
      <LinkTo address={addresses.product(id)}>
        <Name name={name ?? null} id={id} />
      </LinkTo>
    </>
  )
}

/**
 * A read returns what is published. The list of drafts tells whether there is also a draft. Returns
 * null until that is known.
 */
function stateOf(
  read: Pick<PackageState, 'kind' | 'id' | 'etag'>,
  shown: PackageVersion,
  drafts: readonly PackageVersion[] | undefined,
): PackageState | null {
  if (shown.status === 'PUBLISHED' && drafts === undefined) return null
  return {
    ...read,
    productId: shown.productId,
    published: shown.status === 'DRAFT' ? null : shown,
    draft: shown.status === 'DRAFT' ? shown : (drafts?.find((each) => each.id === read.id) ?? null),
  }
}
