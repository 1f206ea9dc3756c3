export { changeContent, newPackage } from './change-content.ts'
export { addonHandlers, newFromWire, planHandlers, trialFromWire } from './http.ts'
export { leadsTo, linksBy } from './links.ts'
export type { Copies } from './of-product.ts'
export {
  archivePackagesOf,
  planCopies,
  savePackageCopies,
  unarchivePackagesOf,
} from './of-product.ts'
export { type PinnedVersion, pinnedVersions } from './pinned-versions.ts'
export {
  findPackageIds,
  findPackageNames,
  findPublished,
  type PackageName,
  type PublishedPackage,
} from './published-store.ts'
export { packagesBeginning } from './search-store.ts'
export { findPackages, type Peer, planKeysOf } from './store.ts'
export type { PackageAtVersion, PackageInput, Reference } from './types.ts'
