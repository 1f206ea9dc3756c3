import type { Catalog } from '../../api.gen.ts'
import { findMistakes, type Mistake } from '../../catalog/document/index.ts'
import type { ApiDocument } from '../../http/index.ts'
import { CommandError } from '../command.ts'
import { schemaMistakes } from './schema-mistakes.ts'
import { readYamlFile, type YamlFile } from './yaml-file.ts'

export type CatalogFile = { catalog: Catalog; file: YamlFile }

/** The most mistakes that are printed. */
const SHOWN_LIMIT = 1000

/**
 * Reads a catalog. Throws a `CommandError` that names every mistake with its line and column:
 * violations of the schema, and what is wrong with the objects that conform to it.
 */
export async function readCatalogFile(
  contract: ApiDocument,
  name: string,
  cwd: string,
): Promise<CatalogFile> {
  const file = await readYamlFile(name, cwd)
  const violations = schemaMistakes(contract, file.value)
  const unsound = new Set(violations.map(({ place }) => objectOf(place)))
  const catalog = file.value as Catalog
  const mistakes =
    violations.length > 0 && typeof catalog !== 'object'
      ? violations
      : [...violations, ...findMistakes(catalog, (place) => !unsound.has(place.join('/')))]
  if (mistakes.length > 0) throw new CommandError(listOf(mistakes, file))
  return { catalog, file }
}

/** The innermost object of a catalog, or entitlement of one, that a place is in. */
const OBJECT =
  /^(?:features|currencies|products)\/\d+(?:\/(?:plans|addons)\/\d+(?:\/entitlements\/\d+)?)?/

const objectOf = (place: Mistake['place']): string => OBJECT.exec(place.join('/'))?.[0] ?? ''

/** Returns a line for each mistake, with its line and column, in the order of the file. */
export function listOf(mistakes: readonly Mistake[], file: YamlFile): string {
  const lines = mistakes
    .toSorted((one, other) => file.byPosition(one.place, other.place))
    .map(({ place, message }) => `${file.at(place)}: ${message}`)
  const more = lines.length - SHOWN_LIMIT
  return more > 0
    ? [...lines.slice(0, SHOWN_LIMIT), `and ${more} more`].join('\n')
    : lines.join('\n')
}
