import { type AddressInfo, connect, type Socket } from 'node:net'
import { after } from 'node:test'
import type { World } from './world.ts'

/**
 * Lets the server of a world listen. `dial` connects to it and ignores errors of the connection.
 * The connections are closed when the test file ends, or the test in which this was called.
 */
export async function listening({ bursar: { server } }: World) {
  await server.listen({ host: '127.0.0.1', port: 0 })
  const { port } = server.server.address() as AddressInfo
  const sockets: Socket[] = []
  after(() => {
    for (const socket of sockets) socket.destroy()
  })
  const dial = (): Socket => {
    const socket = connect(port, '127.0.0.1').on('error', () => {})
    sockets.push(socket)
    return socket
  }
  return { server, dial }
}
