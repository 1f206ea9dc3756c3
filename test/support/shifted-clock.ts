import { readFileSync } from 'node:fs'

/**
 * Loaded by `--import` into a server whose clock a test sets. The file that `TEST_CLOCK_FILE` names
 * contains by how many milliseconds the wall clock is wrong. The monotonic clock is not changed.
 */
const file = process.env.TEST_CLOCK_FILE ?? ''
const trueNow = Date.now
const read = (): number => Number(readFileSync(file, 'utf8'))
let offsetMs = read()

class ShiftedDate extends Date {
  constructor(...args: [] | [number]) {
    super(args.length === 0 ? ShiftedDate.now() : args[0])
  }
  static override now(): number {
    return trueNow() + offsetMs
  }
}
globalThis.Date = ShiftedDate as DateConstructor

setInterval(() => {
  const found = read()
  if (found === offsetMs) return
  offsetMs = found
  process.stderr.write(`the clock is wrong by ${offsetMs} ms\n`)
}, 10).unref()
