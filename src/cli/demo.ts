import { readConfig } from '../config.ts'
import { createApi } from './api.ts'
import { readArguments, takePositionals } from './arguments.ts'
import { type Command, note, print } from './command.ts'
import { readDemoData } from './demo/demo-data.ts'
import { STEPS } from './demo/steps.ts'
import { tourOf } from './demo/tour.ts'
import { showProgress } from './progress.ts'
import { SERVER_OPTIONS, serverOf } from './server-of.ts'

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
    const { values, positionals } = readArguments(args, SERVER_OPTIONS)
    takePositionals(positionals)
    const server = await serverOf(values, readConfig(process.env, process.cwd()))
    const api = createApi(server)
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
    for (const line of tourOf(server.baseUrl, server.source, process.cwd())) print(line)
    return 0
  },
}
