import type { Config } from '../../config.ts'
import type { Connection } from '../../db/index.ts'
import { baseUrlOf } from '../base-url.ts'
import { type Finding, findingsOf } from './finding.ts'

const TIMEOUT_MS = 2000

const { ok, warning } = findingsOf('Server')

export async function lookAtServer(config: Config, running: Connection | null): Promise<Finding[]> {
  const url = baseUrlOf(config)
  return [
    ok('data directory', running === null ? 'no server has it open' : 'a server has it open'),
    url === null ? ok('address', 'any free port (BURSAR_PORT=0)') : await lookAtAddress(url),
  ]
}

async function lookAtAddress(url: string): Promise<Finding> {
  const found = { name: 'address', value: url }
  try {
    const response = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(TIMEOUT_MS) })
    if (response.ok) return ok('address', `${url} (a server answers and is ready)`)
    return warning(found, `GET /health/ready answers ${response.status}`)
  } catch {
    return ok('address', `${url} (no server answers)`)
  }
}
