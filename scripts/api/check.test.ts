import assert from 'node:assert/strict'
import { test } from 'node:test'
import { required } from '../../src/kernel/assert.ts'
import { bundle, readSources } from './bundle.ts'
import { problemsOf } from './check.ts'
import { operationsProblems } from './check-operations.ts'
import { secretsProblems } from './check-secrets.ts'
import type { OperationFile } from './document.ts'

const sources = await readSources()
/** An operation without secrets. */
const id = 'v1.audit.list'
const file = required(sources.operations.get(id), `the operation ${id}`)

/** Returns the problems of the API document with one operation replaced. */
const problemsWith = (changed: object) =>
  problemsOf({
    ...sources,
    operations: new Map([...sources.operations, [id, changed as OperationFile]]),
  })

test('the contract as it is has no problem', () => {
  assert.deepEqual(problemsWith(file), [])
})

test('an operation that states no permission, or none that means one, is a problem', () => {
  const { 'x-permission': _, ...silent } = file
  const odd = ['', 'customers', 'customers:delete', '*:write', ':read', 'customers:write '].map(
    (permission) => ({ ...file, 'x-permission': permission }),
  )
  for (const changed of [silent, ...odd]) {
    const [problem, ...more] = problemsWith(changed)
    assert.match(problem ?? '', new RegExp(`^operations/${id}\\.json: .*x-permission`))
    assert.deepEqual(more, [])
  }
})

test('only a heavy read may return CSV', () => {
  const { 'x-heavy': _, ...light } = file
  const success = { ...file.success, csvExample: 'a\r\n1\r\n' }
  assert.deepEqual(problemsWith({ ...light, 'x-heavy': true, success }), [])
  const problems = problemsWith({ ...light, success })
  assert.match(problems.join(), /x-heavy/)
})

/** Returns the problems if the response has a secret of this type, with these marks. */
function problemsOfSecret(type: string | string[], marks: readonly string[]) {
  const name = file.success.schema
  const schema = sources.schemas.get(name) ?? {}
  const properties = { ...schema.properties, signingSecret: { type } }
  const document = bundle({
    ...sources,
    operations: new Map([...sources.operations, [id, { ...file, 'x-secret': marks }]]),
    schemas: new Map([...sources.schemas, [name, { ...schema, properties }]]),
  })
  return secretsProblems(document).join()
}

test('an answer with a secret says so, and the secret may be null', () => {
  const nullable = ['string', 'null']
  assert.equal(problemsOfSecret(nullable, ['signingSecret']), '')
  assert.match(problemsOfSecret('string', ['signingSecret']), /must admit null/)
  assert.match(problemsOfSecret(nullable, ['data.other']), /sounds like a secret.*has not/s)
})

test('every write states by what it is serialized, and no read does', () => {
  for (const [name, file] of sources.operations) {
    const { 'x-serialize': by, ...rest } = file
    const changed = by === undefined ? { ...rest, 'x-serialize': 'customer' } : rest
    const operations = new Map([...sources.operations, [name, changed as OperationFile]])
    const problems = operationsProblems(bundle({ ...sources, operations }))
    assert.ok(problems.some((each) => each.startsWith(`${name}: `) && /x-serialize/.test(each)))
  }
})
