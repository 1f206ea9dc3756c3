export { catalogVersion, catalogVersionOf, holdCatalog } from './catalog-store.ts'
export { type CatalogUse, NO_REFERENCES } from './catalog-use.ts'
