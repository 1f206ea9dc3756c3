export { PARTS_OF_WINDOW } from './pace.ts'
export { type Standing, type Standings, standingOf, tightestOf } from './standing.ts'
export { type BudgetKey, findCounted } from './standing-store.ts'
export { standingToWire } from './wire.ts'
