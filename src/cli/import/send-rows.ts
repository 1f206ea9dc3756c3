import { type Api, RefusedError } from '../api.ts'

type Rows = readonly unknown[]

/** Returns how many rows were new, or an error message that contains the index of a row. */
export type SendRows = (rows: Rows) => Promise<{ created: number } | { refused: string }>

/**
 * Returns a function that sends rows to the server. It throws a `CommandError` if the reason is not
 * a row.
 */
export const rowSender =
  (api: Api, integrationId: string | undefined): SendRows =>
  async (customers) => {
    const body = { customers, ...(integrationId === undefined ? {} : { integrationId }) }
    try {
      const response = await api.succeed('POST', '/api/v1/customers/import', body)
      const { newCustomers } = response.body.data as { newCustomers: readonly string[] }
      return { created: newCustomers.length }
    } catch (error) {
      const { message = '' } = error instanceof RefusedError ? error.response.body : {}
      if (mentionsRow(message)) return { refused: message }
      throw error
    }
  }

const ROW = /(?:, in )?customers\[(\d+)\][. ]?/

export const mentionsRow = (refused: string): boolean => ROW.test(refused)

/** Returns the index of the row in an error message, and the message without the index. */
export function rowOfRefusal(refused: string): { index: number; what: string } {
  return { index: Number(ROW.exec(refused)?.[1] ?? 0), what: refused.replace(ROW, '') }
}
