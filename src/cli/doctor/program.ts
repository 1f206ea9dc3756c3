import { release } from 'node:os'
import { VERSION } from '../../version.ts'
import { type Finding, findingsOf } from './finding.ts'

/** The first version of Node that runs the TypeScript sources directly. */
const OLDEST_NODE = 24

const { ok, broken } = findingsOf('Program')

export function lookAtProgram(): Finding[] {
  const node = { name: 'Node', value: `${process.versions.node} (${process.execPath})` }
  return [
    ok('Bursar', VERSION),
    Number.parseInt(process.versions.node, 10) >= OLDEST_NODE
      ? ok(node.name, node.value)
      : broken(node, `Bursar needs Node ${OLDEST_NODE} or newer: start it with npm start`),
    ok('platform', `${process.platform}-${process.arch} (${release()})`),
    ok('user', process.geteuid?.() === 0 ? '0 (root)' : String(process.geteuid?.() ?? 'unknown')),
  ]
}
