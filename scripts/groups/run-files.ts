import { suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'

/** Limits in milliseconds. */
type Limits = {
  /** How long a file may take. Its tests are then cancelled, and the next file runs. */
  fileMs: number
  /** How long what a file has closed may take to end. */
  closingMs: number
}

const LIMITS: Limits = { fileMs: 30 * 60_000, closingMs: 10_000 }
const LOOK_AGAIN_MS = 10

/**
 * Runs test files in this process, one after the other, each as a suite that has its path as its
 * name. So the server and the libraries are loaded and compiled once for all of them. A file that
 * leaves the process changed fails, because the files after it could depend on that.
 */
export async function runFiles(paths: readonly string[], limits = LIMITS): Promise<void> {
  openPipes()
  for (const path of paths) {
    let state = new Map<string, unknown>()
    let resources: readonly string[] = []
    // At the top level, this waits for the end of the tests and of the `after` hooks.
    await suite(path, { timeout: limits.fileMs }, async () => {
      state = stateOfProcess()
      resources = process.getActiveResourcesInfo()
      await load(path)
    })
    const changes = changesOf(state, stateOfProcess())
    const open = await leftOpen(resources, limits)
    if (changes.length > 0) fail(`${path} changes ${changes.join(', ')}`)
    if (open.length > 0) fail(`${path} leaves open: ${open.join(', ')}`)
  }
  // What a file has left open would keep the process from ending.
  setTimeout(() => process.exit(1), limits.closingMs).unref()
}

/** Each opens its pipe at its first use, which would count as left open by a file. */
const openPipes = () => [process.stdin, process.stdout, process.stderr].map(({ fd }) => fd)

async function load(path: string): Promise<void> {
  try {
    await import(pathToFileURL(path).href)
  } catch (error) {
    // As a test it is counted.
    test(`${path} cannot be loaded`, () => {
      throw error
    })
  }
}

function fail(sentence: string): void {
  test(sentence, () => {
    throw new Error('a test file must leave the process as it was')
  })
}

/** Returns what the tests of a file can change in the whole process, by the name to report. */
function stateOfProcess(): Map<string, unknown> {
  const state = new Map<string, unknown>([
    ['the working directory', process.cwd()],
    ['the exit code', process.exitCode],
    ['the file mode mask', process.umask()],
  ])
  for (const [name, value] of Object.entries(process.env)) state.set(`the variable ${name}`, value)
  for (const event of process.eventNames()) {
    // An exit comes after all files.
    if (event !== 'exit')
      state.set(`the listeners of ${String(event)}`, process.listenerCount(event))
  }
  const globals = Object.getOwnPropertyDescriptors(globalThis)
  // Reading a property could load what it stands for.
  for (const [name, { value, get }] of Object.entries(globals))
    state.set(`the global ${name}`, value ?? get)
  return state
}

function changesOf(before: Map<string, unknown>, now: Map<string, unknown>): string[] {
  // Libraries add globals of their own, which nothing else reads.
  const added = [...now.keys()].filter((name) => !/^the global /.test(name) && !before.has(name))
  const names = [...before.keys(), ...added]
  return names.filter((name) => !Object.is(before.get(name), now.get(name)))
}

/** Waits until only what was open before keeps the process alive. Returns what else does. */
async function leftOpen(before: readonly string[], { closingMs }: Limits): Promise<string[]> {
  const giveUpAt = performance.now() + closingMs
  for (;;) {
    const open = process.getActiveResourcesInfo()
    for (const resource of before) {
      const index = open.indexOf(resource)
      if (index >= 0) open.splice(index, 1)
    }
    if (open.length === 0 || performance.now() > giveUpAt) return open
    await delay(LOOK_AGAIN_MS)
  }
}
