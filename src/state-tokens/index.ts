export { createStateTokens, type StateTokens } from './state-tokens.ts'
