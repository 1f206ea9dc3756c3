import { connect, createServer, type Socket } from 'node:net'
import { after } from 'node:test'

/**
 * What becomes of a request. `reset`: it is done, and its answer is lost on the way back, which the
 * server hears. `left`: its caller is gone before it is answered. `dropped`: it never arrives.
 */
export type Loss = 'reset' | 'left' | 'dropped'

export type HttpRelay = {
  url: string
  /** The next connection loses its first request so. */
  loseNext(loss: Loss): void
  /** What the server answered on the last connection, lost or not. */
  lastAnswer(): string
}

/** A way to a server on which requests and answers are lost. Closed when the test file ends. */
export async function openHttpRelay(target: string): Promise<HttpRelay> {
  const losses: Loss[] = []
  const open = new Set<Socket>()
  let answer = ''
  const server = createServer((client) => {
    const loss = losses.shift()
    const upstream = connect(Number(new URL(target).port), '127.0.0.1')
    answer = ''
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        open.delete(socket)
        other.destroy()
      })
    }
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
