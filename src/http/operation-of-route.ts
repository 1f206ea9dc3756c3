import type { RouteOptions } from 'fastify'
import type { ApiDocument, Operation } from './contract.ts'

/** Says which operation of the contract a route serves; null for all other routes. */
export function operationOfRoute(
  contract: ApiDocument,
): (route: Pick<RouteOptions, 'method' | 'url'>) => Operation | null {
  const operations = new Map(
    contract.operations.map((operation) => [`${operation.method} ${operation.path}`, operation]),
  )
  return ({ method, url }) => {
    const path = url.replaceAll(/:(\w+)/g, '{$1}')
    // The router adds a HEAD to each GET: it is the same operation.
    return operations.get(`${method === 'HEAD' ? 'GET' : method} ${path}`) ?? null
  }
}
