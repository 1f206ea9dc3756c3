export { usageUse } from './catalog-use.ts'
