import { readApiDocument } from '../../src/http/index.ts'

/** The API document, read once per process: it is half a megabyte. */
export const contract = await readApiDocument(new URL('../../api/openapi.json', import.meta.url))
