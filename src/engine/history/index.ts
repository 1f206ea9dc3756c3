export { type History, readHistory } from './queries.ts'
