export { catalogVersion } from './catalog-store.ts'
export { type CatalogUse, NOBODY_LEANS } from './catalog-use.ts'
