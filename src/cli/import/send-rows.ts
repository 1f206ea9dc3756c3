import { type Api, RefusedError } from '../api.ts'

type Rows = readonly unknown[]

/** How many rows were new; or what is wrong with them, in words that name a row by its index. */
export type SendRows = (rows: Rows) => Promise<{ created: number } | { refused: string }>

/** Sends rows to the server. A `CommandError` for whatever is not the rows' fault. */
export const rowSender =
  (api: Api, integrationId: string | undefined): SendRows =>
  async (customers) => {
    const body = { customers, ...(integrationId === undefined ? {} : { integrationId }) }
    try {
      const answer = await api.succeed('POST', '/api/v1/customers/import', body)
      const { newCustomers } = answer.body.data as { newCustomers: readonly string[] }
      return { created: newCustomers.length }
    } catch (error) {
      const { message = '' } = error instanceof RefusedError ? error.answer.body : {}
      if (namesRow(message)) return { refused: message }
      throw error
    }
  }

const ROW = /(?:, in )?customers\[(\d+)\][. ]?/

export const namesRow = (refused: string): boolean => ROW.test(refused)

/** The index of the row that a refusal is about, and the refusal as one of this row alone. */
export function rowIn(refused: string): { index: number; what: string } {
  return { index: Number(ROW.exec(refused)?.[1] ?? 0), what: refused.replace(ROW, '') }
}
