import { stringify } from 'yaml'
import type { CatalogApplication, CatalogReference, CatalogState } from '../api.gen.ts'
import { placeAt } from '../catalog/document/index.ts'
import { readConfig } from '../config.ts'
import { catalogSchema, readApiDocument } from '../http/index.ts'
import { type Api, createApi, RefusedError } from './api.ts'
import { readArguments, runAction, takePositionals } from './arguments.ts'
import { type CatalogFile, listOf, readCatalogFile } from './catalog/read-catalog-file.ts'
import { type Command, CommandError, UsageError } from './command.ts'
import { numberOf } from './number-of.ts'
import { SERVER_OPTIONS, serverOf } from './server-of.ts'
import type { Terminal } from './terminal.ts'

export const catalogCommand: Command = {
  summary: 'keep the catalog in a file: export, plan and apply it',
  usage: `Usage: bursar catalog export [--url <url>] [--key <key>]
       bursar catalog plan <file> [--archive] [--url <url>] [--key <key>]
       bursar catalog apply <file> [--revision <revision>] [--archive] [--url <url>] [--key <key>]
       bursar catalog schema

export   prints the catalog of an environment as YAML: what is published and not archived
plan     prints what apply would change, and changes nothing.
         Exit code: 0 no difference, 2 a difference, 1 anything else
apply    makes the catalog of the environment equal to the file: all of it or nothing. The second
         time, nothing changes
schema   prints the JSON Schema of the file, which running servers also have at
         /catalog.schema.json

The file is YAML or JSON. All of its mistakes are printed, each with its line and column. Absent
fields have their defaults. Plans and add-ons that differ get a new version, for new customers.
Drafts are not in the file. A plan or add-on with a draft is not changed.

  --archive   archive what the file lacks. Without this, it stays and is named
  --revision  the revision that plan has printed: if the catalog has changed since, nothing happens
  --url       the server (default: http://BURSAR_HOST:BURSAR_PORT)
  --key       a full-access key; its environment is meant
              (default: BURSAR_API_KEY, else the key file of the data directory)`,
  run: runAction({ export: exportCatalog, plan, apply, schema }),
}

const PATH = '/api/v1/catalog'
const API_DOCUMENT = new URL('../../api/openapi.json', import.meta.url)

const DIFFERENT = 2

async function exportCatalog(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = readArguments(args, SERVER_OPTIONS)
  takePositionals(positionals)
  const api = await apiOf(values, terminal)
  const { catalog, drafts } = (await api.succeed('GET', PATH)).body.data as CatalogState
  const yaml = stringify(catalog, { aliasDuplicateObjects: false, lineWidth: 100 })
  terminal.print(`# yaml-language-server: $schema=${api.baseUrl}/catalog.schema.json`)
  terminal.print(yaml.trimEnd())
  noteDrafts(terminal, drafts)
  return 0
}

/** A wrong command line is no difference, so its exit code is 1 here. */
async function plan(args: readonly string[], terminal: Terminal): Promise<number> {
  const request = await requestOf(args, { archive: FLAG }, terminal).catch((error) => {
    throw error instanceof UsageError ? new CommandError(error.message, { cause: error }) : error
  })
  const planned = await send(request, { dryRun: true })
  const count = print(planned, request, terminal)
  if (count === 0) return 0
  terminal.print(
    `\n${numberOf(count, 'change')}. To make them: bursar catalog apply ${request.name}${request.archive ? ' --archive' : ''} --revision ${planned.revision}`,
  )
  return DIFFERENT
}

async function apply(args: readonly string[], terminal: Terminal): Promise<number> {
  const options = { archive: FLAG, revision: { type: 'string' } } as const
  const request = await requestOf(args, options, terminal)
  const { revision } = request
  const applied = await send(request, revision === undefined ? {} : { revision })
  const count = print(applied, request, terminal)
  if (count > 0) terminal.print(`\n${numberOf(count, 'change')} made.`)
  return 0
}

async function schema(args: readonly string[], terminal: Terminal): Promise<number> {
  takePositionals(readArguments(args, {}).positionals)
  const document = catalogSchema(await readApiDocument(API_DOCUMENT))
  terminal.print(JSON.stringify(document, null, 2))
  return 0
}

const FLAG = { type: 'boolean', default: false } as const

type CatalogRequest = CatalogFile & {
  name: string
  archive: boolean
  revision: string | undefined
  api: Api
}

async function requestOf(
  args: readonly string[],
  options: { archive: typeof FLAG; revision?: { type: 'string' } },
  terminal: Terminal,
): Promise<CatalogRequest> {
  const { values, positionals } = readArguments(args, { ...SERVER_OPTIONS, ...options })
  const [name = ''] = takePositionals(positionals, 'the file')
  const contract = await readApiDocument(API_DOCUMENT)
  const read = await readCatalogFile(contract, name, terminal.cwd)
  const { archive, revision } = values as { archive: boolean; revision?: string }
  return { ...read, name, archive, revision, api: await apiOf(values, terminal) }
}

const apiOf = async (values: { url?: string; key?: string }, terminal: Terminal) =>
  createApi(await serverOf(values, readConfig(terminal.env, terminal.cwd)))

/** Throws a `CommandError` that names the places of all that the server refuses. */
async function send(
  { api, catalog, archive, file }: CatalogRequest,
  more: { dryRun?: true; revision?: string },
): Promise<CatalogApplication> {
  try {
    const { body } = await api.succeed('PUT', PATH, { catalog, archive, ...more })
    return body.data as CatalogApplication
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error
    const { message = '', field, mistakes = [{ message, field }] } = error.response.body
    const found = mistakes.flatMap((mistake) => {
      const [root, ...place] = placeAt(mistake.field ?? '')
      return root === 'catalog' ? [{ place, message: mistake.message }] : []
    })
    if (found.length === 0) throw error
    throw new CommandError(listOf(found, file), { cause: error })
  }
}

const NOUNS = {
  FEATURE: 'feature',
  CURRENCY: 'currency',
  PRODUCT: 'product',
  PLAN: 'plan',
  ADDON: 'add-on',
} as const
const VERBS = {
  CREATE: '+ create',
  UPDATE: '~ update',
  ARCHIVE: '- archive',
  UNARCHIVE: '+ unarchive',
}

/** Prints the changes. Returns how many there are. */
function print(
  { changes, notInCatalog, drafts }: CatalogApplication,
  { name }: CatalogRequest,
  terminal: Terminal,
): number {
  for (const { action, type, id, details } of changes) {
    terminal.print(`${VERBS[action]} ${NOUNS[type]} ${id}`)
    for (const detail of details) terminal.print(`    ${detail}`)
  }
  if (changes.length === 0) terminal.print(`The catalog is that of ${name}.`)
  if (notInCatalog.length > 0)
    terminal.note(`Not in ${name}, stays as it is without --archive: ${namesOf(notInCatalog)}`)
  noteDrafts(terminal, drafts)
  return changes.length
}

function noteDrafts(terminal: Terminal, drafts: readonly CatalogReference[]): void {
  if (drafts.length > 0) terminal.note(`Has a draft, which is left out: ${namesOf(drafts)}`)
}

const namesOf = (references: readonly CatalogReference[]): string =>
  references.map(({ type, id }) => `${NOUNS[type]} ${id}`).join(', ')
