import type { ExpectedRefusal } from './world.ts'

type Refusal = Required<ExpectedRefusal>

export const badRequest = (code: string, message: RegExp): Refusal => ({
  status: 400,
  code,
  message,
})

export const notFound = (code: string, message: RegExp): Refusal => ({ status: 404, code, message })
