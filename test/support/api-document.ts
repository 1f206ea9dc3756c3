import { readApiDocument } from '../../src/http/index.ts'

/** The API document. It has half a megabyte, so it is read once per process. */
export const contract = await readApiDocument(new URL('../../api/openapi.json', import.meta.url))
