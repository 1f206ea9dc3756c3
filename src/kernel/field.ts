/** In characters. Far more than the fields of any operation need. */
const POINTER_LIMIT = 1000

/**
 * A place in a request. `pointer` is its name in error responses:
 *
 * - in the body, a JSON pointer without its first slash: `entityEntitlements/3/usageLimit`. `""` is
 *   the body as a whole.
 * - elsewhere, `path:id`, `query:limit`, `query:createdAt/gte` or `header:Idempotency-Key`. No
 *   field of a body has a colon in its name.
 *
 * In a text it is written as messages name it: `entityEntitlements[3].usageLimit`.
 */
export class Field {
  readonly pointer: string
  readonly #text: string
  readonly #isItem: boolean

  constructor(pointer: string, text: string, isItem = false) {
    this.pointer = pointer
    this.#text = text
    this.#isItem = isItem
  }

  /**
   * The field with a name, or the item with an index, within this one. This one, if a pointer to it
   * would be longer than `POINTER_LIMIT`: callers can choose names of any length.
   */
  at(part: string | number): Field {
    const escaped = String(part).replaceAll('~', '~0').replaceAll('/', '~1')
    const pointer = this.pointer === '' ? escaped : `${this.pointer}/${escaped}`
    if (pointer.length > POINTER_LIMIT) return this
    if (this.#isItem) return new Field(pointer, `${this.#text}: ${part}`)
    if (typeof part === 'number') return new Field(pointer, `${this.#text}[${part}]`)
    return new Field(pointer, this.#text === '' ? part : `${this.#text}.${part}`)
  }

  /** The same field, but messages also name it by the id in it: `entities[0] (ann): metadata`. */
  of(id: string): Field {
    return new Field(this.pointer, this.#text === '' ? id : `${this.#text} (${id})`, true)
  }

  toString(): string {
    return this.#text
  }
}

/** A field of the body; without parts, the body. */
export const inBody = (...parts: readonly (string | number)[]): Field =>
  parts.reduce<Field>((field, part) => field.at(part), BODY)

const BODY = new Field('', '')

const outsideOfBody = (place: 'path' | 'query' | 'header') => (name: string) =>
  new Field(`${place}:${name}`.slice(0, POINTER_LIMIT), name)

/** A parameter of the path, by its name in the API document. */
export const inPath = outsideOfBody('path')

export const inQuery = outsideOfBody('query')

export const inHeader = outsideOfBody('header')
