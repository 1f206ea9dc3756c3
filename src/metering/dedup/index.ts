export { type Decided, findDecided, saveDecided } from './decision-store.ts'
export {
  contentOfUse,
  hashOfMark,
  KEPT_MS,
  nameOfEvent,
  nameOfReport,
  nameOfUse,
  type RecordName,
} from './dedup-key.ts'
export { findNamed, type Named, type NameOf, saveNames } from './dedup-store.ts'
