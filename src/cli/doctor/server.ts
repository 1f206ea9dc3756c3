import type { Config } from '../../config.ts'
import type { Connection } from '../../db/index.ts'
import { UNBELIEVED_PROXY } from '../../http/index.ts'
import { baseUrlOf } from '../base-url.ts'
import { type Finding, findingsOf } from './finding.ts'

const TIMEOUT_MS = 2000

const { ok, warning } = findingsOf('Server')

export async function lookAtServer(config: Config, running: Connection | null): Promise<Finding[]> {
  const url = baseUrlOf(config)
  return [
    ok('data directory', running === null ? 'no server has it open' : 'a server has it open'),
    ...(url === null
      ? [ok('address', 'any free port (BURSAR_PORT=0)')]
      : [await lookAtAddress(url), ...(await lookAtProxy(url))]),
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

/** Checks whether the server is behind a proxy that it is not configured to trust. */
async function lookAtProxy(url: string): Promise<Finding[]> {
  const text = await metricsOf(url)
  const [, count] = new RegExp(`^${UNBELIEVED_PROXY} (\\d+)$`, 'm').exec(text) ?? []
  if (count === undefined || count === '0') return []
  return [
    warning(
      { name: 'proxy', value: `${count} requests came through a proxy that is not trusted` },
      'set BURSAR_TRUST_PROXY=loopback: otherwise bad credentials of one client lock out others',
    ),
  ]
}

/** Returns the text of the metrics, or an empty text if there are none. */
async function metricsOf(url: string): Promise<string> {
  try {
    const response = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(TIMEOUT_MS) })
    return response.ok ? await response.text() : ''
  } catch {
    return ''
  }
}
