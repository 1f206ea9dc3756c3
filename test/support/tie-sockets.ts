import type { Socket } from 'node:net'

/** If one of two sockets closes, closes the other. Ignores errors. `open` contains open sockets. */
export function tieSockets(ends: readonly [Socket, Socket], open: Set<Socket>): void {
  const [one, other] = ends
  for (const socket of ends) {
    open.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => {
      open.delete(socket)
      one.destroy()
      other.destroy()
    })
  }
}
