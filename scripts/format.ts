import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** `npm run format`: generates the files that come from the folder `api`, and formats all code. */
const ROOT = fileURLToPath(new URL('..', import.meta.url))

await import('./api/build.ts')
const biome = `${ROOT}node_modules/@biomejs/biome/bin/biome`
const run = spawnSync(process.execPath, [biome, 'check', '--write'], {
  cwd: ROOT,
  stdio: 'inherit',
})
process.exitCode = run.status ?? 1
