import { readFile } from 'node:fs/promises'
import { bundle, bundleFile, bundleText, readSources, type Sources } from './bundle.ts'
import {
  filesProblems,
  operationsProblems,
  referenceProblems,
  unservedProblems,
} from './check-operations.ts'
import { requestProblems, schemaProblems } from './check-schemas.ts'
import { secretsProblems } from './check-secrets.ts'
import { consoleOperationsFile, consoleOperationsText } from './console-operations.ts'
import type { Document } from './document.ts'
import { architectureFile, withOperationTable } from './operation-table.ts'
import { typesFile, typesText } from './types.ts'

/** Returns the problems of the folder `api` and of the files that are generated from it. */
export async function checkContract(): Promise<string[]> {
  const sources = await readSources()
  const problems = problemsOf(sources)
  return problems.length > 0 ? problems : stalenessOf(bundle(sources))
}

/** Returns the problems of any sources, which tests need. */
export function problemsOf(sources: Sources): string[] {
  const malformed = filesProblems(sources)
  // The bundler assumes that the files are valid.
  if (malformed.length > 0) return malformed
  const document = bundled(sources)
  if (typeof document === 'string') return [document]
  const unresolved = referenceProblems(document)
  // Validators and types cannot be generated if references are missing.
  if (unresolved.length > 0) return unresolved
  return [
    ...operationsProblems(document),
    ...unservedProblems(document),
    ...schemaProblems(document),
    ...requestProblems(document),
    ...secretsProblems(document),
  ]
}

/** Returns which generated files differ from what is made of the document. This takes seconds. */
async function stalenessOf(document: Document): Promise<string[]> {
  return [
    ...(await staleness(bundleFile, bundleText(document))),
    ...(await staleness(typesFile, await typesText(document))),
    ...(await staleness(consoleOperationsFile, await consoleOperationsText(document))),
    ...(await tableStaleness(document)),
  ]
}

function bundled(sources: Sources): Document | string {
  try {
    return bundle(sources)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

async function staleness(file: URL, fresh: string): Promise<string[]> {
  const name = file.pathname.split('/').slice(-2).join('/')
  const committed = await readFile(file, 'utf8').catch(() => '')
  return committed === fresh ? [] : [`${name} is not what npm run api makes`]
}

async function tableStaleness(document: Document): Promise<string[]> {
  const page = await readFile(architectureFile, 'utf8')
  return staleness(architectureFile, await withOperationTable(page, document))
}
