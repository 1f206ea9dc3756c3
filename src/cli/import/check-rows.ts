import {
  createValidators,
  parseJsonBody,
  readApiDocument,
  validationMessage,
} from '../../http/index.ts'
import { required } from '../../kernel/assert.ts'
import { ApiError } from '../../kernel/errors.ts'
import { namesRow, type SendRows } from './send-rows.ts'

const CONTRACT = new URL('../../../api/openapi.json', import.meta.url)

/** Checks rows as the server does before it looks at its data, and sends nothing. */
export async function rowChecker(): Promise<SendRows> {
  const contract = await readApiDocument(CONTRACT)
  const operation = contract.operations.find(({ id }) => id === 'v1.customers.import')
  const validate = createValidators(contract).body(
    required(operation, 'the operation that imports'),
  )
  return async (customers) => {
    try {
      const body = parseJsonBody(Buffer.from(JSON.stringify({ customers })))
      const error = validate(body)
      return error === null ? { created: 0 } : { refused: validationMessage('body', error) }
    } catch (error) {
      if (error instanceof ApiError && namesRow(error.message)) return { refused: error.message }
      throw error
    }
  }
}
