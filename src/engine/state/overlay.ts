/** Values by name, in which changes are seen from above only until they are kept. */
export type Overlay<V> = {
  get(name: string): V | undefined
  set(name: string, value: V): void
  /** What was set in this layer. */
  readonly changes: ReadonlyMap<string, V>
}

/** A layer over another one, or over what was loaded. */
export function overlayOn<V>(below: { get(name: string): V | undefined }): Overlay<V> {
  const changes = new Map<string, V>()
  return {
    get: (name) => changes.get(name) ?? below.get(name),
    set: (name, value) => {
      changes.set(name, value)
    },
    changes,
  }
}

/** Takes the changes of a layer down into the one that it lies over. */
export function keep<V>(layer: Overlay<V>, below: Overlay<V>): void {
  for (const [name, value] of layer.changes) below.set(name, value)
}
