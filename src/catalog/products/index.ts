export { changeProduct, newProduct } from './change-product.ts'
export { newProductFromWire, productHandlers, settingsFromWire } from './http.ts'
export { findProducts, findProductsByKey, productsBeginning } from './store.ts'
export type { Product } from './types.ts'
