import type { Socket } from 'node:net'

/** Lets two sockets end together, deaf to errors. `open` has them until they are closed. */
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
