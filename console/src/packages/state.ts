import type { PackageKind, PackageVersion } from './operations.ts'

/** A plan or an add-on: what is published of it, and its draft. */
export type PackageState = {
  kind: PackageKind
  id: string
  productId: string
  /** Null if it was never published. */
  published: PackageVersion | null
  draft: PackageVersion | null
  /** The entity tag of what is published, or of the draft if nothing is. */
  etag: string | undefined
}
