import type { FastifyRequest } from 'fastify'
import type { Credentials } from '../access/index.ts'
import type { Operation } from './api-document.ts'

/** Returns the first value of a header that was sent several times. */
function headerOf({ headers }: FastifyRequest, name: string): string | undefined {
  const sent = headers[name]
  return typeof sent === 'object' ? sent[0] : sent
}

/** What a request needs of the environment of its caller. */
export type EnvironmentDemand = Pick<Operation, 'defaultsEnvironment'>

export const credentialsOf = (
  request: FastifyRequest,
  { defaultsEnvironment }: EnvironmentDemand,
): Credentials => ({
  apiKey: headerOf(request, 'x-api-key'),
  authorization: request.headers.authorization,
  accountId: headerOf(request, 'x-account-id'),
  environmentId: headerOf(request, 'x-environment-id'),
  customerKey: headerOf(request, 'x-customer-key'),
  defaultsEnvironment,
})
