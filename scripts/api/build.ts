import { writeFile } from 'node:fs/promises'
import { bundle, bundleFile, bundleText, readSources } from './bundle.ts'
import { typesFile, typesText } from './types.ts'

const document = bundle(await readSources())
await writeFile(bundleFile, bundleText(document))
await writeFile(typesFile, await typesText(document))
