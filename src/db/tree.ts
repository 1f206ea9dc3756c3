/** A node of a tree in which a path of keys leads to a value. */
export type Node<Key, Value> = { next: Map<Key, Node<Key, Value>>; value: Value | null }

export const newNode = <Key, Value>(): Node<Key, Value> => ({ next: new Map(), value: null })

/** Returns the node that a key leads to, which may be a new one. */
export function step<Key, Value>({ next }: Node<Key, Value>, key: Key): Node<Key, Value> {
  const known = next.get(key)
  if (known !== undefined) return known
  const node = newNode<Key, Value>()
  next.set(key, node)
  return node
}
