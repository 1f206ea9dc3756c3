import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSources } from './bundle.ts'
import { problemsOf } from './check.ts'
import type { OperationFile } from './document.ts'

const sources = await readSources()
const [first] = sources.operations
assert.ok(first, 'the contract has operations')
const [id, file] = first

/** What is wrong with the contract once one of its operations is this one. */
const problemsWith = (changed: object) =>
  problemsOf({
    ...sources,
    operations: new Map([...sources.operations, [id, changed as OperationFile]]),
  })

test('the contract as it is has no problem', async () => {
  assert.deepEqual(await problemsWith(file), [])
})

test('an operation that states no permission, or none that means one, is a problem', async () => {
  const { 'x-permission': _, ...silent } = file
  const odd = ['', 'customers', 'customers:delete', '*:write', ':read', 'customers:write '].map(
    (permission) => ({ ...file, 'x-permission': permission }),
  )
  for (const changed of [silent, ...odd]) {
    const [problem, ...more] = await problemsWith(changed)
    assert.match(problem ?? '', new RegExp(`^operations/${id}\\.json: .*x-permission`))
    assert.deepEqual(more, [])
  }
})
