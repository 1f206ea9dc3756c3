import {
  createValidators,
  parseJsonBody,
  readApiDocument,
  validationMessage,
} from '../../http/index.ts'
import { required } from '../../kernel/assert.ts'
import { ApiError } from '../../kernel/errors.ts'
import { mentionsRow, type SendRows } from './send-rows.ts'

const API_DOCUMENT = new URL('../../../api/openapi.json', import.meta.url)

/** Returns a function that validates rows like the server, but sends nothing. */
export async function rowChecker(): Promise<SendRows> {
  const apiDocument = await readApiDocument(API_DOCUMENT)
  const operation = apiDocument.operations.find(({ id }) => id === 'v1.customers.import')
  const validate = createValidators(apiDocument).body(
    required(operation, 'the operation that imports'),
  )
  return async (customers) => {
    try {
      const body = parseJsonBody(Buffer.from(JSON.stringify({ customers })))
      const error = validate(body)
      return error === null ? { created: 0 } : { refused: validationMessage('body', error) }
    } catch (error) {
      if (error instanceof ApiError && mentionsRow(error.message)) return { refused: error.message }
      throw error
    }
  }
}
