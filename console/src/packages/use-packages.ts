import { useSession } from '../api/session.tsx'
import { useRead } from '../api/use-read.ts'
import { OPERATIONS, type PackageKind, type PackageVersion } from './operations.ts'

/** The most plans and add-ons of a product, so each status of them is one page. */
const MOST = 100

export type Packages = {
  drafts: readonly PackageVersion[] | undefined
  /** Each once, by its name: as its draft says, if it has one. */
  all: readonly PackageVersion[]
  nameOf(id: string): string | null
  error: Error | null
  refetch: () => unknown
}

/**
 * Reads the plans or add-ons of a product that are not archived. Undefined: the product is not
 * known yet.
 */
export function usePackages(kind: PackageKind, productId: string | undefined): Packages {
  const id = OPERATIONS[kind].list
  const isOn = useSession().whyNot(id) === null && productId !== undefined
  const query = { productId: productId ?? '', limit: MOST }
  const drafts = useRead(id, { query: { ...query, status: ['DRAFT'] } }, { isOn })
  const published = useRead(id, { query: { ...query, status: ['PUBLISHED'] } }, { isOn })
  const rows: PackageVersion[] = [...(drafts.data?.data ?? []), ...(published.data?.data ?? [])]
  const all = rows
    .filter((row, at) => rows.findIndex((each) => each.id === row.id) === at)
    .sort((a, b) => a.displayName.localeCompare(b.displayName))
  return {
    drafts: drafts.data?.data,
    all,
    nameOf: (wanted) => all.find((each) => each.id === wanted)?.displayName ?? null,
    error: drafts.error,
    refetch: drafts.refetch,
  }
}
