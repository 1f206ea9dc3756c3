export { catalogVersion, catalogVersionOf, holdCatalog } from './catalog-store.ts'
export type { CatalogUse } from './catalog-use.ts'
