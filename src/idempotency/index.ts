export { type AnswerOnce, createAnswerOnce } from './answer-once.ts'
export { PURGE_ANSWERS, purgeAnswers } from './purge-answers.ts'
export type { Answer, AnswerResult, AnswerToStore } from './types.ts'
