import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

// A process that tests start with `startOwner` of embedded.ts.
const { dataDir, folder, uid, leave } = JSON.parse(process.env.OWNER ?? '{}') as {
  dataDir: string
  folder: string
  uid?: number
  leave?: boolean
}
if (uid !== undefined) {
  process.chdir('/')
  process.setgroups?.([])
  process.setgid?.(uid)
  process.setuid?.(uid)
}
const { startEmbedded } = (await import(
  pathToFileURL(join(folder, 'index.ts')).href
)) as typeof import('../../src/embedded-postgres/index.ts')
const quiet = { info: () => {}, warn: () => {}, error: () => {} }
try {
  const { connection, clusterDir, stop } = await startEmbedded({ dataDir, log: quiet })
  process.stdout.write(`${JSON.stringify({ connection, clusterDir })}\n`)
  if (leave) process.exit(0)
  process.once('SIGTERM', () => void stop())
} catch (error) {
  process.stdout.write(`${JSON.stringify({ failed: (error as Error).message })}\n`)
}
