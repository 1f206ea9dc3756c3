import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { OperationId } from '../../src/api.gen.ts'
import { openWorld } from '../support/world.ts'
import { calls } from './calls.ts'
import { furnishIn } from './furnish.ts'

type Era = {
  operations: Record<string, { responses: Record<string, { schema: object }> }>
  components: object
}
const eras = JSON.parse(readFileSync(new URL('./eras.json', import.meta.url), 'utf8')) as Record<
  string,
  Era
>

const world = await openWorld()
const MARK = 'mark'

for (const [name, era] of Object.entries(eras)) {
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  addFormats.default(ajv, { mode: 'full' })

  for (const [id, { responses }] of Object.entries(era.operations))
    test(`the response of ${id} is as a client of the era ${name} expects`, async () => {
      const tenant = await furnishIn(world, MARK)
      const operationId = id as OperationId
      const { status, success, text } = await tenant.call(operationId, calls[operationId](MARK))
      const expected = responses[status]
      assert.ok(expected, `the era documents no ${status}: ${text}`)
      const validate = ajv.compile({ ...expected.schema, components: era.components })
      assert.ok(validate(success), ajv.errorsText(validate.errors))
    })
}
