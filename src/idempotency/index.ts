export { type AnswerOnce, createAnswerOnce } from './answer-once.ts'
export { answerPurge } from './purge-answers.ts'
export type { Answer, AnswerResult, AnswerToStore } from './types.ts'
