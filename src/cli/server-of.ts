import { keyFileOf, readKeyFile } from '../access/index.ts'
import type { Config } from '../config.ts'
import { baseUrlOf } from './base-url.ts'
import { CommandError, UsageError } from './command.ts'

/** Options of commands that send requests to a running server. */
export const SERVER_OPTIONS = { url: { type: 'string' }, key: { type: 'string' } } as const

/** Where the key comes from. Messages mention this instead of the key. */
export type KeySource = { kind: 'variable' } | { kind: 'option' } | { kind: 'file'; file: string }

export type ServerAt = { baseUrl: string; key: string; keyFrom: string; source: KeySource }

/**
 * Returns the server of the options or, without options, of the configuration. Throws a
 * `UsageError` if `--url` is not a URL, and a `CommandError` if there is no key.
 */
export async function serverOf(
  options: { url?: string | undefined; key?: string | undefined },
  config: Config,
): Promise<ServerAt> {
  const baseUrl = urlOf(options.url, config)
  const { key, source } = await keyOf(options.key, config)
  return { baseUrl, key, keyFrom: nameOf(source), source }
}

/** Returns the URL of a server without a slash at its end. Throws a `UsageError`. */
export function urlOf(option: string | undefined, config: Config): string {
  if (option !== undefined) {
    if (!/^https?:\/\//.test(option) || !URL.canParse(option))
      throw new UsageError(`--url must be a URL such as http://127.0.0.1:4242, not "${option}"`)
    return option.replace(/\/+$/, '')
  }
  const url = baseUrlOf(config)
  if (url === null) throw new UsageError('with BURSAR_PORT=0 the port is unknown: pass --url')
  return url
}

async function keyOf(
  option: string | undefined,
  config: Config,
): Promise<{ key: string; source: KeySource }> {
  if (option !== undefined) return { key: option, source: { kind: 'option' } }
  if (config.apiKey !== null) return { key: config.apiKey, source: { kind: 'variable' } }
  const file = keyFileOf(config.dataDir)
  const key = await readKeyFile(config.dataDir).catch(() => null)
  if (key !== null) return { key, source: { kind: 'file', file } }
  throw new CommandError(
    `there is no key in BURSAR_API_KEY or ${file}: npm start creates one, or pass one with --key`,
  )
}

function nameOf(source: KeySource): string {
  if (source.kind === 'file') return source.file
  return source.kind === 'variable' ? 'BURSAR_API_KEY' : '--key'
}
