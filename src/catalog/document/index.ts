export { findMistakes } from './find-mistakes.ts'
export { catalogHandlers } from './http.ts'
export { type Mistake, placeAt } from './mistakes.ts'
