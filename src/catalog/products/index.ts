export { productHandlers } from './http.ts'
export { findProductsByKey } from './store.ts'
export type { Product } from './types.ts'
