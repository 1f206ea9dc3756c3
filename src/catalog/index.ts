export { catalogVersion, catalogVersionOf } from './catalog-store.ts'
export { type CatalogUse, NO_REFERENCES } from './catalog-use.ts'
