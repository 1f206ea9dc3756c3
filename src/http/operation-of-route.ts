import type { RouteOptions } from 'fastify'
import type { ApiDocument, Operation } from './api-document.ts'

/** Returns the operation of a route, or null if the route has none. */
export function operationOfRoute(
  contract: ApiDocument,
): (route: Pick<RouteOptions, 'method' | 'url'>) => Operation | null {
  const operations = new Map(
    contract.operations.map((operation) => [`${operation.method} ${operation.path}`, operation]),
  )
  return ({ method, url }) => {
    const path = url.replaceAll(/:(\w+)/g, '{$1}')
    // The router adds a HEAD to each GET. It is the same operation.
    return operations.get(`${method === 'HEAD' ? 'GET' : method} ${path}`) ?? null
  }
}
