import { readConfig } from '../config.ts'
import { type Api, createApi } from './api.ts'
import { readArguments, takePositionals } from './arguments.ts'
import { type Command, UsageError } from './command.ts'
import { type DemoData, readDemoData } from './demo/demo-data.ts'
import { STEPS } from './demo/steps.ts'
import { tourOf } from './demo/tour.ts'
import { runTraffic } from './demo/traffic/run-traffic.ts'
import { showProgress } from './progress.ts'
import { SERVER_OPTIONS, serverOf } from './server-of.ts'
import { showStatus } from './status-line.ts'
import { withStopSignal } from './stop-signal.ts'
import type { Terminal } from './terminal.ts'

const MAX_PER_SECOND = 10_000
const MAX_SECONDS = 86_400

export const demoCommand: Command = {
  summary: 'fill an environment with three example companies, and simulate traffic of one',
  usage: `Usage: bursar demo [--traffic <rate> [--seconds <n>]] [--url <url>] [--key <key>]

Sends a catalog and three customers with their subscriptions, organisations (departments, teams,
users, agents, models, regions), promotional entitlements and budgets to a running server, then
shows what to look at. A second run changes nothing, but restores data that was changed.
Subscriptions that have ended stay so. The data is in the folder demo, the catalog in catalog.yaml.

With --traffic, the users and agents of the largest company then consume tokens. The user or agent,
the model, the region and the amount are drawn at random, the same in every run. Budgets of every
level deny within a minute, and no longer deny when their window is over. The output is the rate,
how many requests were granted and denied, how long they took, and each budget that begins or stops
to deny. Ctrl-C ends it with a summary. The consumed usage stays recorded, as any other usage.

  --traffic  how many requests to send per second, up to ${MAX_PER_SECOND}; 200 suits the budgets
  --seconds  how long (default: until Ctrl-C)
  --url      the server (default: http://BURSAR_HOST:BURSAR_PORT)
  --key      a full-access key; its environment is filled
             (default: BURSAR_API_KEY, else the key file of the data directory)`,
  run: async (args, terminal) => {
    const { values, positionals } = readArguments(args, {
      ...SERVER_OPTIONS,
      traffic: { type: 'string' },
      seconds: { type: 'string' },
    })
    takePositionals(positionals)
    const perSecond = wholeNumber('--traffic', values.traffic, MAX_PER_SECOND)
    const seconds = wholeNumber('--seconds', values.seconds, MAX_SECONDS)
    if (seconds !== null && perSecond === null) throw new UsageError('--seconds needs --traffic')
    const server = await serverOf(values, readConfig(terminal.env, terminal.cwd))
    const data = await readDemoData()
    await fill(createApi(server), data, terminal)
    if (perSecond === null) {
      terminal.print('To look at it:\n')
      for (const line of tourOf(server.baseUrl, server.source, terminal.cwd)) terminal.print(line)
      return 0
    }
    terminal.print(`Sending ${perSecond} requests a second. Ctrl-C ends it.`)
    // A refused request is shown, not retried.
    const api = createApi(server, { attempts: 1, maxPauseMs: 0 })
    const status = showStatus(terminal.screen, terminal.print)
    await withStopSignal(terminal, (stop) =>
      runTraffic(api, data, { perSecond, until: endAfter(seconds, stop), status }),
    )
    return 0
  },
}

/**
 * Returns the number of an option, or null if the option is missing. Throws a `UsageError` unless
 * it is a whole number from 1 to `max`.
 */
function wholeNumber(name: string, text: string | undefined, max: number): number | null {
  if (text === undefined) return null
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < 1 || value > max)
    throw new UsageError(`${name} must be a whole number from 1 to ${max}, not "${text}"`)
  return value
}

async function fill(api: Api, data: DemoData, terminal: Terminal): Promise<void> {
  for (const step of STEPS) {
    const progress = showProgress(step.title, step.count(data), terminal.screen)
    try {
      await step.run(api, data, progress.advance)
    } finally {
      progress.end()
    }
  }
  terminal.note('')
  const counts = STEPS.map((step) => `${step.count(data)} ${step.title}`).join(', ')
  terminal.print(`The environment has ${counts}.`)
}

/** Returns a signal that is aborted by `stop`, or after `seconds` if they are not null. */
const endAfter = (seconds: number | null, stop: AbortSignal): AbortSignal =>
  seconds === null ? stop : AbortSignal.any([stop, AbortSignal.timeout(seconds * 1000)])
