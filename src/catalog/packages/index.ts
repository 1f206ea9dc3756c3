export { addonHandlers, planHandlers } from './http.ts'
export {
  findPackageIds,
  findPackageNames,
  findPublished,
  type PackageName,
  type PublishedPackage,
} from './published-store.ts'
