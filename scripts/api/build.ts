import { readFile, writeFile } from 'node:fs/promises'
import { bundle, bundleFile, bundleText, readSources } from './bundle.ts'
import { consoleOperationsFile, consoleOperationsText } from './console-operations.ts'
import { architectureFile, withOperationTable } from './operation-table.ts'
import { typesFile, typesText } from './types.ts'

const document = bundle(await readSources())
await writeFile(bundleFile, bundleText(document))
await writeFile(typesFile, await typesText(document))
await writeFile(consoleOperationsFile, await consoleOperationsText(document))
const page = await readFile(architectureFile, 'utf8')
await writeFile(architectureFile, await withOperationTable(page, document))
