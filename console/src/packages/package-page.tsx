import type { ReactNode } from 'react'
import { useAddresses } from '../address-state.ts'
import { useSession } from '../api/session.tsx'
import { useRead } from '../api/use-read.ts'
import { LinkButton } from '../ui/button.tsx'
import { IdBeside, LinkTo, Page } from '../ui/page.tsx'
import { IfPermitted, Loaded, Loading, Problem } from '../ui/states.tsx'
import { Name } from '../ui/text.tsx'
import { EVENTS_OF } from './events.ts'
import { OPERATIONS, type PackageKind, type PackageVersion } from './operations.ts'
import { PackageActions } from './package-actions.tsx'
import type { PackageState } from './state.ts'
import { usePackages } from './use-packages.ts'
import { Versions } from './versions.tsx'

/** The view of one plan or add-on. */
export function PackagePage({ kind, id }: { kind: PackageKind; id: string }) {
  const addresses = useAddresses()
  const operation = OPERATIONS[kind].retrieve
  const mayRead = useSession().whyNot(operation) === null
  const reading = useRead(operation, { params: { id } }, { isOn: mayRead })
  const version = reading.data?.data
  const peers = {
    plan: usePackages('plan', kind === 'plan' ? version?.productId : undefined),
    addon: usePackages('addon', version?.productId),
  }
  return (
    <Page
      title={version?.displayName || id}
      beside={<IdBeside id={id} isArchived={version?.status === 'ARCHIVED'} />}
      actions={
        <LinkButton to={addresses.historyOf(id, { types: EVENTS_OF[kind] })}>History</LinkButton>
      }
      lead={version && <Product kind={kind} id={version.productId} />}
    >
      <IfPermitted id={operation}>
        <Loaded reading={reading}>
          {({ data, etag }) => <State {...{ kind, id, etag, peers }} shown={data} />}
        </Loaded>
      </IfPermitted>
    </Page>
  )
}

function Product({ kind, id }: { kind: PackageKind; id: string }): ReactNode {
  const addresses = useAddresses()
  return (
    <>
      {kind === 'plan' ? 'A plan' : 'An add-on'} of the product{' '}
      <LinkTo address={addresses.product(id)}>
        <Name name={id} id={id} />
      </LinkTo>
    </>
  )
}

/** A read returns what is published. The list of drafts tells whether there is also a draft. */
function State(
  props: Pick<PackageState, 'kind' | 'id' | 'etag' | 'peers'> & { shown: PackageVersion },
) {
  const { kind, id, etag, peers, shown } = props
  const { drafts, error, refetch } = peers[kind]
  if (shown.status === 'PUBLISHED' && drafts === undefined)
    return error ? <Problem error={error} onRetry={() => void refetch()} /> : <Loading />
  const state: PackageState = {
    kind,
    id,
    etag,
    peers,
    published: shown.status === 'DRAFT' ? null : shown,
    draft: shown.status === 'DRAFT' ? shown : (drafts?.find((each) => each.id === id) ?? null),
  }
  return <Versions state={state} actions={<PackageActions state={state} />} />
}
