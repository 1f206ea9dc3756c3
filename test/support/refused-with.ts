import { ApiError } from '../../src/kernel/errors.ts'

/**
 * Returns a function for `assert.throws`, which returns whether an error is a 400 with this code
 * and a message that matches.
 */
export const refusedWith = (code: string, message: RegExp) => (error: unknown) =>
  error instanceof ApiError &&
  error.status === 400 &&
  error.code === code &&
  message.test(error.message)
