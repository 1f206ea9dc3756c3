import { readFileSync } from 'node:fs'

/**
 * Loaded by `--import` into a server whose clock a test sets: the file that `TEST_CLOCK_FILE` names
 * holds by how many milliseconds the clock of the machine is wrong. What is monotonic stays so.
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
