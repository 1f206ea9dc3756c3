import { connect, createServer, type Socket } from 'node:net'
import { after } from 'node:test'
import { tieSockets } from './tie-sockets.ts'

/**
 * How a request or its response is lost. `reset`: the request is executed, and its response is lost
 * by a reset that the server notices. `left`: the caller disconnects before the response.
 * `dropped`: the request never arrives.
 */
export type Loss = 'reset' | 'left' | 'dropped'

export type HttpRelay = {
  url: string
  /** On the next connection, the first request is lost in this way. */
  loseNext(loss: Loss): void
  /** The response of the server on the last connection, lost or not. */
  lastAnswer(): string
}

/** A relay to a server that loses requests and responses. Closed when the test file ends. */
export async function openHttpRelay(target: string): Promise<HttpRelay> {
  const losses: Loss[] = []
  const open = new Set<Socket>()
  let answer = ''
  const server = createServer((client) => {
    const loss = losses.shift()
    const upstream = connect(Number(new URL(target).port), '127.0.0.1')
    answer = ''
    tieSockets([client, upstream], open)
    client.on('data', (data) => {
      if (loss === 'dropped') client.destroy()
      else if (loss === 'left') upstream.write(data, () => upstream.destroy())
      else upstream.write(data)
    })
    upstream.on('data', (data) => {
      answer += data
      if (loss === 'reset') upstream.resetAndDestroy()
      else client.write(data)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  after(() => {
    server.close()
    for (const socket of open) socket.destroy()
  })
  const { port } = server.address() as { port: number }
  return {
    url: `http://127.0.0.1:${port}`,
    loseNext: (loss) => {
      losses.push(loss)
    },
    lastAnswer: () => answer,
  }
}
