export { changeProduct, newProduct } from './change-product.ts'
export { newProductFromWire, productHandlers, settingsFromWire } from './http.ts'
export { findProducts, findProductsByKey } from './store.ts'
export type { Product } from './types.ts'
