import { lookAtSecrets, sealedOtherwise } from '../../access/index.ts'
import type { Config } from '../../config.ts'
import type { Reader } from '../../db/index.ts'
import { type Finding, findingsOf } from './finding.ts'

const { ok, warning, broken } = findingsOf('Database')

/** Checks whether a server on this machine can decrypt the stored secrets. */
export async function lookAtStoredSecrets(reader: Reader, config: Config): Promise<Finding> {
  const { plain, closed, count } = await lookAtSecrets(reader, config)
  const found = { name: 'stored secrets', value: `${count}` }
  if (closed.length > 0) return broken(found, sealedOtherwise(config, closed))
  if (plain.length > 0)
    return warning(found, `${plain.length} not encrypted: the next start of a server encrypts them`)
  if (count > 0 && config.databaseUrl !== null && config.secretKey === null)
    return warning(found, 'servers on other machines need the same key: set BURSAR_SECRET_KEY')
  return ok(found.name, found.value)
}
