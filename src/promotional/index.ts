export { promotionalUse } from './catalog-use.ts'
export { promotionalWork, turnPromotionalsBack } from './due-work.ts'
export { promotionalHandlers } from './http.ts'
export { promotionalSource } from './source.ts'
