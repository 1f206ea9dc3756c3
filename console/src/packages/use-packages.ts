import { useSession } from '../api/session.tsx'
import { useRead } from '../api/use-read.ts'
import { OPERATIONS, type PackageKind, type PackageVersion } from './operations.ts'

/** Rows of one request. A product has at most 100 plans and 100 add-ons that are not archived. */
const MOST = 100

export type Packages = {
  /** Undefined until all are read. */
  drafts: readonly PackageVersion[] | undefined
  /** Each once, by its name: as it is published, if it is. */
  all: readonly PackageVersion[]
  /** The published version of an id. */
  publishedOf(id: string): PackageVersion | null
  nameOf(id: string): string | null
  error: Error | null
  refetch: () => unknown
}

/** The plans and add-ons of a product. */
export type Peers = Readonly<Record<PackageKind, Packages>>

/**
 * Reads the plans or add-ons of a product that are not archived. Undefined: the product is not
 * known yet. There is a second page only if there are many, and some have a draft beside what is
 * published.
 */
export function usePackages(kind: PackageKind, productId: string | undefined): Packages {
  const id = OPERATIONS[kind].list
  const isOn = useSession().whyNot(id) === null && productId !== undefined
  const status = ['DRAFT' as const, 'PUBLISHED' as const]
  const query = { productId: productId ?? '', status, limit: MOST }
  const first = useRead(id, { query }, { isOn })
  const after = first.data?.pagination.next ?? null
  const second = useRead(
    id,
    { query: { ...query, after: after ?? '' } },
    { isOn: isOn && after !== null },
  )
  const rest = after === null ? [] : second.data?.data
  const rows: PackageVersion[] = [...(first.data?.data ?? []), ...(rest ?? [])]
  const drafts = rows.filter((row) => row.status === 'DRAFT')
  const published = rows.filter((row) => row.status === 'PUBLISHED')
  // A name that only a draft says is not the one that customers see.
  const all = [...published, ...drafts.filter((row) => !published.some(({ id }) => id === row.id))]
  const find = (list: PackageVersion[], wanted: string) => list.find((each) => each.id === wanted)
  return {
    drafts: first.data === undefined || rest === undefined ? undefined : drafts,
    all: all.toSorted((a, b) => a.displayName.localeCompare(b.displayName)),
    publishedOf: (wanted) => find(published, wanted) ?? null,
    nameOf: (wanted) => find(all, wanted)?.displayName ?? null,
    error: first.error ?? second.error,
    refetch: () => [first.refetch(), after !== null && second.refetch()],
  }
}

/** Reads the plans and add-ons of a product. */
export const usePeers = (productId: string | undefined): Peers => ({
  plan: usePackages('plan', productId),
  addon: usePackages('addon', productId),
})
