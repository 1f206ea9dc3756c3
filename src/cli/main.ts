import { processTerminal } from './process-terminal.ts'
import { runBursar } from './run.ts'

process.exitCode = await runBursar(processTerminal())
