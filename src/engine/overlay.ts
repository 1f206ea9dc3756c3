/** Values by name, and changes of them. The values below change only with `commitOverlay`. */
export type Overlay<V> = {
  get(name: string): V | undefined
  set(name: string, value: V): void
  /** The values that were set in this overlay. */
  readonly changes: ReadonlyMap<string, V>
}

const NO_CHANGES = new Map<string, never>()

/** Returns an empty overlay on another one, or on what was loaded. */
export function overlayOn<V>(below: { get(name: string): V | undefined }): Overlay<V> {
  // Each request makes a dozen overlays, and changes few of them.
  let changes: Map<string, V> | null = null
  return {
    get: (name) => changes?.get(name) ?? below.get(name),
    set: (name, value) => {
      changes ??= new Map()
      changes.set(name, value)
    },
    get changes() {
      return changes ?? NO_CHANGES
    },
  }
}

/** Adds the changes of an overlay to the one below it. */
export function commitOverlay<V>(overlay: Overlay<V>, below: Overlay<V>): void {
  for (const [name, value] of overlay.changes) below.set(name, value)
}
