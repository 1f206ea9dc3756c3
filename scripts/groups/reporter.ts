import { Readable } from 'node:stream'
import { spec, type TestEvent } from 'node:test/reporters'

// The report of `npm test`: that of the `spec` reporter, and the files that have no test. They fail
// the run, because a file that tests nothing would otherwise look like a file that passes.

const TEST_FILE = /\.test\.ts$/

export default async function* report(events: AsyncIterable<TestEvent>): AsyncIterable<string> {
  const empty: string[] = []
  yield* Readable.from(watched(events, empty)).pipe(new spec())
  for (const name of empty) yield `✖ ${name} has no test\n`
  if (empty.length > 0) process.exitCode = 1
}

/** Adds the names of files without a test to `empty`. */
async function* watched(
  events: AsyncIterable<TestEvent>,
  empty: string[],
): AsyncIterable<TestEvent> {
  // The events of the tests of a file come first, together, and then that of the file.
  let tests = 0
  for await (const event of events) {
    if (event.type === 'test:pass' || event.type === 'test:fail') {
      const { name, nesting } = event.data
      if (nesting === 0 && TEST_FILE.test(name) && tests === 0) empty.push(name)
      tests = nesting === 0 ? 0 : tests + 1
    }
    yield event
  }
}
