import { keyFileOf, readKeyFile } from '../access/index.ts'
import { type Config, readConfig } from '../config.ts'
import { readArguments, takePositionals } from './arguments.ts'
import { baseUrlOf } from './base-url.ts'
import { type Command, CommandError, note, print, UsageError } from './command.ts'
import { createApi } from './demo/api.ts'
import { readDemoData } from './demo/demo-data.ts'
import { STEPS } from './demo/steps.ts'
import { type KeySource, tourOf } from './demo/tour.ts'
import { showProgress } from './progress.ts'

export const demoCommand: Command = {
  summary: 'fill an environment with three example companies',
  usage: `Usage: bursar demo [--url <url>] [--key <key>]

Sends three customers with their organisations (departments, teams, users, agents, models, regions)
to a running server, then shows what to look at. Running it again changes nothing, and repairs what
was changed meanwhile. The data is in the folder demo.

  --url   the server (default: http://BURSAR_HOST:BURSAR_PORT)
  --key   a full-access key; its environment is filled
          (default: BURSAR_API_KEY, else the key file of the data directory)`,
  run: async (args) => {
    const { values, positionals } = readArguments(args, {
      url: { type: 'string' },
      key: { type: 'string' },
    })
    takePositionals(positionals)
    const config = readConfig(process.env, process.cwd())
    const baseUrl = urlOf(values.url, config)
    const { key, source } = await keyOf(values.key, config)
    const api = createApi({ baseUrl, key, keyFrom: nameOf(source) })
    const data = await readDemoData()
    for (const step of STEPS) {
      const progress = showProgress(step.title, step.count(data))
      try {
        await step.run(api, data, progress.advance)
      } finally {
        progress.end()
      }
    }
    const counts = STEPS.map((step) => `${step.count(data)} ${step.title}`).join(', ')
    note('')
    print(`The environment has ${counts}. To look at them:\n`)
    for (const line of tourOf(baseUrl, source, process.cwd())) print(line)
    return 0
  },
}

function urlOf(option: string | undefined, config: Config): string {
  if (option !== undefined) {
    if (!/^https?:\/\//.test(option) || !URL.canParse(option))
      throw new UsageError(`--url must be like http://127.0.0.1:4242, not "${option}"`)
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
    `there is no key in BURSAR_API_KEY or ${file}: npm start makes one, or pass one by --key`,
  )
}

function nameOf(source: KeySource): string {
  if (source.kind === 'file') return source.file
  return source.kind === 'variable' ? 'BURSAR_API_KEY' : '--key'
}
