export { productHandlers } from './http.ts'
