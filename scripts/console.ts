import { join } from 'node:path'
import { buildInto, checkTypes, develop, verifyBuild } from './console/build.ts'
import { installPackages } from './console/install.ts'
import { ROOT } from './tidy/project.ts'

// `npm run console` checks the types of the console and writes `console/dist`. With `dev`, it
// serves the sources instead. With `verify`, it builds elsewhere and compares byte for byte. With
// `pictures <folder>`, it makes pictures of every view of a running server. Each installs the
// packages of the console first, if they are not those of its lock file.

const FOLDER = join(ROOT, 'console')
const [command = 'build', ...args] = process.argv.slice(2)

const COMMANDS: Readonly<Record<string, () => void | Promise<void>>> = {
  build: () => {
    checkTypes(FOLDER)
    buildInto(FOLDER, join(FOLDER, 'dist'))
  },
  dev: () => develop(FOLDER, args),
  pictures: async () => {
    const { makePictures } = await import('./console/pictures.ts')
    await makePictures(args[0] ?? join(ROOT, 'pictures'))
  },
  verify: () => {
    checkTypes(FOLDER)
    const problems = verifyBuild(FOLDER)
    for (const problem of problems) process.stderr.write(`${problem}\n`)
    process.exitCode = problems.length > 0 ? 1 : 0
  },
}

const run = COMMANDS[command]
if (run === undefined) {
  process.stderr.write(`npm run console has ${Object.keys(COMMANDS).join(', ')}; not ${command}\n`)
  process.exit(2)
}
await import('./api/build.ts')
installPackages(FOLDER)
await run()
