import { findRunning } from '../embedded-postgres/index.ts'
import { readArguments, takePositionals } from './arguments.ts'
import type { Command } from './command.ts'
import { lookAtConfiguration } from './doctor/configuration.ts'
import { lookAtDataDirectory } from './doctor/data-directory.ts'
import { lookAtDatabase } from './doctor/database.ts'
import type { Finding } from './doctor/finding.ts'
import { lookAtProgram } from './doctor/program.ts'
import { lookAtServer } from './doctor/server.ts'
import { lookAtTokens } from './doctor/tokens.ts'
import type { Terminal } from './terminal.ts'

export const doctorCommand: Command = {
  summary: 'examine the installation and report problems',
  usage: `Usage: bursar doctor [--json]

Examines the program, the configuration, the data directory, the server and the database, marks what
is unusual (!) or broken (✗), and says what to do. It changes nothing. If no server runs, it starts
an existing embedded database to examine it. Secrets are not shown.

Exits with 1 if something is broken.

  --json   as JSON instead of text`,
  run: async (args, terminal) => {
    const { values, positionals } = readArguments(args, {
      json: { type: 'boolean', default: false },
    })
    takePositionals(positionals)
    const findings = await examine(terminal)
    const count = (severity: Finding['severity']) =>
      findings.filter((finding) => finding.severity === severity).length
    const sum = { broken: count('broken'), warnings: count('warning') }
    if (values.json)
      terminal.print(JSON.stringify({ ok: sum.broken === 0, ...sum, findings }, null, 2))
    else terminal.print(`${formatFindings(findings)}\n\n${sumUp(sum)}`)
    return sum.broken === 0 ? 0 : 1
  },
}

async function examine(terminal: Terminal): Promise<Finding[]> {
  const { config, findings } = lookAtConfiguration(terminal.env, terminal.cwd)
  const running = await findRunning(config.dataDir)
  return [
    ...lookAtProgram(),
    ...findings,
    ...(await lookAtTokens(config.tokens)),
    ...lookAtDataDirectory(config),
    ...(await lookAtServer(config, running)),
    ...(await lookAtDatabase(terminal, config, running)),
  ]
}

const MARKS = { ok: ' ', warning: '!', broken: '✗' } as const

function formatFindings(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ name }) => name.length))
  const lineOf = ({ name, value, severity, advice }: Finding) =>
    `${MARKS[severity]} ${name.padEnd(width)}  ${value}${advice === null ? '' : `\n    ${advice}`}`
  return [...Map.groupBy(findings, ({ area }) => area)]
    .map(([area, found]) => [area, ...found.map(lineOf)].join('\n'))
    .join('\n\n')
}

function sumUp(sum: { broken: number; warnings: number }): string {
  if (sum.broken + sum.warnings === 0) return 'Nothing is wrong.'
  const warnings = `${sum.warnings} ${sum.warnings === 1 ? 'warning' : 'warnings'}`
  return sum.broken === 0 ? `Nothing is broken; ${warnings}.` : `${sum.broken} broken; ${warnings}.`
}
