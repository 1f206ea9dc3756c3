type Below<V> = { get(name: string): V | undefined }

const NO_CHANGES = new Map<string, never>()

/**
 * Values by name, and changes of them. The values below change only with `commitOverlay`. It is a
 * class, because V8 takes a microsecond to make an object that has a getter of its own.
 */
export class Overlay<V> {
  readonly #below: Below<V>
  // Each request makes a dozen overlays, and changes few of them.
  #changes: Map<string, V> | null = null

  constructor(below: Below<V>) {
    this.#below = below
  }

  get(name: string): V | undefined {
    return this.#changes?.get(name) ?? this.#below.get(name)
  }

  set(name: string, value: V): void {
    this.#changes ??= new Map()
    this.#changes.set(name, value)
  }

  /** The values that were set in this overlay. */
  get changes(): ReadonlyMap<string, V> {
    return this.#changes ?? NO_CHANGES
  }
}

/** Returns an empty overlay on another one, or on what was loaded. */
export const overlayOn = <V>(below: Below<V>): Overlay<V> => new Overlay(below)

/** Adds the changes of an overlay to the one below it. */
export function commitOverlay<V>(overlay: Overlay<V>, below: Overlay<V>): void {
  for (const [name, value] of overlay.changes) below.set(name, value)
}
