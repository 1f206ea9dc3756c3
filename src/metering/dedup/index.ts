export { addDecisions, type Decision, findDecisions, saveDecisions } from './decision-store.ts'
export {
  contentOfUse,
  type DedupKey,
  hashOfMark,
  KEPT_MS,
  nameOfEvent,
  nameOfReport,
  nameOfUse,
} from './dedup-key.ts'
export {
  addDedupKeys,
  areNewKeys,
  type DedupEntry,
  type DedupKeyOf,
  type DedupRecord,
  findDedupRecords,
  saveDedupKeys,
} from './dedup-store.ts'
