import { ApiError } from '../../src/kernel/errors.ts'

/** Whether an error is the 400 with this code, and its message matches; for `assert.throws`. */
export const refusedWith = (code: string, message: RegExp) => (error: unknown) =>
  error instanceof ApiError &&
  error.status === 400 &&
  error.code === code &&
  message.test(error.message)
