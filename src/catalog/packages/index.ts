export { addonHandlers, planHandlers } from './http.ts'
