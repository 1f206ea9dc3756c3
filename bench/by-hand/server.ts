// A process of the bench: the routes of the server with transactions that are written by hand.

import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import pg from 'pg'
import { answerBench } from '../child.ts'
import type { ServeByHand } from '../messages.ts'
import { commit, consume, lending, report, reserve, type Use } from './transactions.ts'

type OfCustomer = { Params: { id: string; reservationId: string } }
type ConsumeBody = {
  featureId: string
  amount: number
  idempotencyKey: string
  dimensions?: object
  ttlSeconds?: number
}
type Item = {
  customerId: string
  idempotencyKey: string
  featureId?: string
  eventName?: string
  value?: number
  dimensions?: object
}

const DEFAULT_TTL_SECONDS = 60

answerBench(async ({ databaseUrl, poolSize }: ServeByHand) => {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: poolSize })
  const withClient = lending(pool)
  const server = Fastify()
  const ofCustomer = '/api/v1/customers/:id'
  server.post<{ Body: { usages: Item[] } }>('/api/v1/usage', async ({ body }) => ({
    data: await withClient((client) => report(client, body.usages.map(useOfItem))),
  }))
  server.post<{ Body: { events: Item[] } }>('/api/v1/events', async ({ body }) => ({
    data: await withClient((client) => report(client, body.events.map(useOfItem))),
  }))
  server.post<OfCustomer & { Body: ConsumeBody }>(`${ofCustomer}/consume`, async (request) => ({
    data: await withClient((client) => consume(client, useOf(request))),
  }))
  server.post<OfCustomer & { Body: ConsumeBody }>(
    `${ofCustomer}/reservations`,
    async (request, reply) => {
      const ttlSeconds = request.body.ttlSeconds ?? DEFAULT_TTL_SECONDS
      const data = await withClient((client) => reserve(client, useOf(request), ttlSeconds))
      return reply.code(data.reservation === null ? 200 : 201).send({ data })
    },
  )
  server.post<OfCustomer>(
    `${ofCustomer}/reservations/:reservationId/commit`,
    async ({ params }, reply) => {
      const data = await withClient((client) => commit(client, params.id, params.reservationId))
      return reply.code(data === null ? 404 : 200).send({ data })
    },
  )
  await server.listen({ host: '127.0.0.1', port: 0 })
  return (server.server.address() as AddressInfo).port
})

const useOf = ({ params, body }: { params: { id: string }; body: ConsumeBody }): Use => ({
  customer: params.id,
  key: body.idempotencyKey,
  feature: body.featureId,
  value: body.amount,
  dimensions: body.dimensions,
})

const useOfItem = ({ customerId, featureId, eventName, ...item }: Item): Use => ({
  customer: customerId,
  key: item.idempotencyKey,
  feature: featureId ?? eventName ?? '',
  value: item.value ?? 1,
  dimensions: item.dimensions,
})
