import type { FastifyRequest } from 'fastify'
import { MAX_STALENESS } from '../config.ts'
import { badInput } from '../kernel/errors.ts'
import { inHeader } from '../kernel/field.ts'
import type { Operation } from './api-document.ts'

/** The header in which a caller says how old the state may be that an operation decides on. */
export const MAX_STALENESS_HEADER = 'Bursar-Max-Staleness-Ms'

/** Returns a function that reads the header of requests of an operation. */
export function stalenessOf(
  { parameters }: Operation,
  standardMs: number,
): (request: FastifyRequest) => number {
  if (!parameters.some(({ name }) => name === MAX_STALENESS_HEADER)) return () => 0
  return ({ headers }) => {
    const sent = headers[MAX_STALENESS_HEADER.toLowerCase()]
    if (sent === undefined) return standardMs
    const milliseconds = /^\d{1,5}$/.test(String(sent)) ? Number(sent) : Number.NaN
    if (milliseconds <= MAX_STALENESS.max) return milliseconds
    throw badInput(
      inHeader(MAX_STALENESS_HEADER),
      `${MAX_STALENESS_HEADER} must be a whole number of milliseconds from 0 to ${MAX_STALENESS.max}`,
      'InvalidArgumentError',
    )
  }
}
