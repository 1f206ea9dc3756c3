export { type AnswerOnce, createAnswerOnce } from './answer-once.ts'
export { TRIM_ANSWERS, trimAnswers } from './trim-answers.ts'
export type { Answer, AnswerResult, Given, NamedRequest } from './types.ts'
