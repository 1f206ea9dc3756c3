export { promotionalUse } from './catalog-use.ts'
export { promotionalWork, turnGrantsBack } from './due-work.ts'
export { promotionalHandlers } from './http.ts'
export { promotionalSource } from './source.ts'
