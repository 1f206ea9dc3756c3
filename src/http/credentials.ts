import type { FastifyRequest } from 'fastify'
import type { Credentials } from '../access/index.ts'

/** Returns the first value of a header that was sent several times. */
const headerOf = (request: FastifyRequest, name: string): string | undefined =>
  [request.headers[name]].flat()[0]

export const credentialsOf = (request: FastifyRequest): Credentials => ({
  apiKey: headerOf(request, 'x-api-key'),
  authorization: request.headers.authorization,
  accountId: headerOf(request, 'x-account-id'),
  environmentId: headerOf(request, 'x-environment-id'),
  customerKey: headerOf(request, 'x-customer-key'),
})
