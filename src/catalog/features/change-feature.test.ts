import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { newFeatureWith } from '../../../test/support/feature.ts'
import type { ApiError } from '../../kernel/errors.ts'
import {
  archivedFeature,
  changeFeature,
  countsOtherwise,
  ENUM_VALUES_LIMIT,
  newFeature,
  unarchivedFeature,
  valuesRemoved,
} from './change-feature.ts'
import type { Feature, FeatureInput, Meter, NewFeatureInput } from './types.ts'

const valuesNamed = (...names: string[]) =>
  names.map((value) => ({ value, displayName: value.toUpperCase() }))
const many = (count: number) =>
  valuesNamed(...Array.from({ length: count }, (_, index) => `v${index}`))
const byThousand = {
  divide: 1000,
  round: 'UP' as const,
  featureUnits: null,
  featureUnitsPlural: null,
}
const created = (input: Partial<NewFeatureInput>): Feature =>
  newFeature('f', newFeatureWith(input), { key: 'k', now: 1 })
const refusal = (code: string, message: RegExp) => (error: ApiError) => {
  assert.deepEqual([error.status, error.code], [400, code], error.message)
  assert.match(error.message, message)
  return true
}

const ENUM = 'ENUM' as const
const BOOLEAN = 'BOOLEAN' as const
const refusedNew: [why: string, input: Partial<NewFeatureInput>, code: string, message: RegExp][] =
  [
    [
      'a metered BOOLEAN',
      { featureType: BOOLEAN, meterType: 'FLUCTUATING' },
      'MeteringNotAvailableForFeatureType',
      /^meterType: .*BOOLEAN/,
    ],
    [
      'a metered ENUM',
      { featureType: ENUM, meterType: 'INCREMENTAL', enumConfiguration: valuesNamed('a') },
      'MeteringNotAvailableForFeatureType',
      /^meterType: .*ENUM/,
    ],
    [
      'values of a NUMBER',
      { enumConfiguration: valuesNamed('a') },
      'UnsupportedFeatureType',
      /^enumConfiguration: .*NUMBER/,
    ],
    [
      'values of a BOOLEAN',
      { featureType: BOOLEAN, enumConfiguration: valuesNamed('a') },
      'UnsupportedFeatureType',
      /^enumConfiguration: .*BOOLEAN/,
    ],
    [
      'an ENUM without values',
      { featureType: ENUM },
      'InvalidArgumentError',
      /^enumConfiguration: /,
    ],
    [
      'a value twice',
      { featureType: ENUM, enumConfiguration: valuesNamed('a', 'b', 'a') },
      'InvalidArgumentError',
      /^enumConfiguration\[2\] \(a\): .*enumConfiguration\[0\]/,
    ],
    [
      'a value too many',
      { featureType: ENUM, enumConfiguration: many(ENUM_VALUES_LIMIT + 1) },
      'FeatureConfigurationExceededLimitError',
      /^enumConfiguration: .*100/,
    ],
    [
      'a unit transformation of a BOOLEAN',
      { featureType: BOOLEAN, unitTransformation: byThousand },
      'UnsupportedFeatureType',
      /^unitTransformation: .*BOOLEAN/,
    ],
  ]

for (const [why, input, code, message] of refusedNew)
  test(`for a new feature, ${why} is refused with ${code}`, () => {
    assert.throws(() => created(input), refusal(code, message))
  })

test('every valid combination of type, meter type, values and transformation is accepted', () => {
  const taken: Partial<NewFeatureInput>[] = [
    { featureType: BOOLEAN },
    { meterType: 'None', unitTransformation: byThousand },
    { meterType: 'FLUCTUATING', unitTransformation: byThousand },
    { meterType: 'INCREMENTAL' },
    { featureType: ENUM, enumConfiguration: many(ENUM_VALUES_LIMIT) },
    { status: 'ACTIVE', metadata: { a: '1', gone: '' } },
  ]
  for (const input of taken) {
    const { enumConfiguration, metadata, ...others } = created(input)
    const expected = newFeatureWith(input)
    assert.deepEqual(enumConfiguration, input.enumConfiguration ?? null)
    assert.deepEqual(metadata, input.metadata ? { a: '1' } : {})
    for (const [name, value] of Object.entries(others))
      if (name in expected) assert.deepEqual(value, expected[name as keyof NewFeatureInput], name)
  }
})

const meter: Meter = { aggregation: { function: 'COUNT' }, filters: [] }
const number = created({ meterType: 'INCREMENTAL', unitTransformation: byThousand })
const choice = created({ featureType: ENUM, enumConfiguration: valuesNamed('eu', 'us') })

const refusedChange: [
  why: string,
  before: Feature,
  input: FeatureInput,
  code: string,
  message: RegExp,
][] = [
  [
    'a change of an archived feature',
    archivedFeature(number, 2),
    { displayName: 'x' },
    'EntityIsArchivedError',
    /feature f is archived/,
  ],
  [
    'a meter of a NUMBER that is not metered',
    created({}),
    { meter },
    'MeterMustBeAssociatedToMeteredFeature',
    /^meter: /,
  ],
  ['a meter of an ENUM', choice, { meter }, 'MeterMustBeAssociatedToMeteredFeature', /^meter: /],
  [
    'no values left',
    choice,
    { enumConfiguration: [] },
    'InvalidArgumentError',
    /^enumConfiguration: /,
  ],
  [
    'a value twice in a change',
    choice,
    { enumConfiguration: valuesNamed('a', 'a') },
    'InvalidArgumentError',
    /^enumConfiguration\[1\]/,
  ],
  [
    'a value too many in a change',
    choice,
    { enumConfiguration: many(ENUM_VALUES_LIMIT + 1) },
    'FeatureConfigurationExceededLimitError',
    /^enumConfiguration: /,
  ],
  [
    'values given to a NUMBER',
    number,
    { enumConfiguration: valuesNamed('a') },
    'UnsupportedFeatureType',
    /^enumConfiguration: /,
  ],
  [
    'a unit transformation given to an ENUM',
    choice,
    { unitTransformation: byThousand },
    'UnsupportedFeatureType',
    /^unitTransformation: /,
  ],
  [
    'metadata that has grown too large',
    number,
    { metadata: { a: 'x'.repeat(1_048_576) } },
    'InvalidMetadataError',
    /feature f/,
  ],
]

for (const [why, before, input, code, message] of refusedChange)
  test(`for a change, ${why} is refused with ${code}`, () => {
    assert.throws(() => changeFeature(before, input, 9), refusal(code, message))
  })

test('absent fields are kept, null clears a field, and lists and objects are replaced', () => {
  const before = { ...number, description: 'd', units: 'u', unitsPlural: 'us', meter }
  const inputs: FeatureInput[] = [
    { displayName: 'Other' },
    { description: null },
    { units: null, unitsPlural: 'many' },
    { unitTransformation: null },
    { unitTransformation: { ...byThousand, round: 'DOWN', featureUnits: 'k' } },
    { meter: { aggregation: { function: 'SUM', field: 'x' }, filters: [{ conditions: [] }] } },
  ]
  for (const input of inputs)
    assert.deepEqual(changeFeature(before, input, 9), { ...before, ...input, updatedAt: 9 })
  const enumConfiguration = valuesNamed('us')
  assert.deepEqual(changeFeature(choice, { enumConfiguration }, 9), {
    ...choice,
    enumConfiguration,
    updatedAt: 9,
  })
})

const text = fc.string({ maxLength: 2 })
const input: fc.Arbitrary<FeatureInput> = fc.record(
  {
    displayName: text,
    description: fc.option(text),
    units: fc.option(text),
    unitTransformation: fc.option(
      fc.record({
        divide: fc.integer({ min: 1, max: 3 }),
        round: fc.constantFrom('UP' as const, 'DOWN' as const),
        featureUnits: fc.option(text),
        featureUnitsPlural: fc.constant(null),
      }),
    ),
    meter: fc.constantFrom<Meter>(meter, {
      ...meter,
      filters: [{ conditions: [{ field: 'a', operation: 'EQUALS', value: '1' }] }],
    }),
    metadata: fc.dictionary(fc.constantFrom('a', 'b'), text, { noNullPrototype: false }),
  },
  { requiredKeys: [] },
)

test('repeating a change changes nothing, and no change affects the identity of a feature', () => {
  fc.assert(
    fc.property(input, input, (first, second) => {
      const before = changeFeature(number, first, 5)
      const after = changeFeature(before, second, 9)
      assert.equal(after.updatedAt, after === before ? before.updatedAt : 9)
      assert.equal(changeFeature(after, second, 10), after)
      for (const fixed of ['key', 'id', 'featureType', 'meterType', 'status', 'createdAt'] as const)
        assert.equal(after[fixed], number[fixed])
    }),
  )
})

test('archiving and restoring can be repeated, and updatedAt moves only with a change', () => {
  const archived = archivedFeature(number, 9)
  assert.deepEqual(archived, { ...number, status: 'SUSPENDED', updatedAt: 9 })
  assert.equal(archivedFeature(archived, 10), archived)
  const back = unarchivedFeature(archived, 11)
  assert.deepEqual(back, { ...number, status: 'ACTIVE', updatedAt: 11 })
  assert.equal(unarchivedFeature(back, 12), back)
  assert.equal(unarchivedFeature(number, 12), number)
})

test('removed values are found, whatever happened to the other values', () => {
  const after = changeFeature(choice, { enumConfiguration: valuesNamed('ap', 'us') }, 9)
  assert.deepEqual(valuesRemoved(choice, after), ['eu'])
  assert.deepEqual(valuesRemoved(after, choice), ['ap'])
  assert.deepEqual(valuesRemoved(number, number), [])
})

test('only the numbers of a transformation affect counting, not its names', () => {
  const changed = (unitTransformation: Feature['unitTransformation']) =>
    countsOtherwise(number, changeFeature(number, { unitTransformation }, 9))
  assert.ok(!changed({ ...byThousand, featureUnits: 'k', featureUnitsPlural: 'ks' }))
  assert.ok(changed({ ...byThousand, divide: 1001 }))
  assert.ok(changed({ ...byThousand, round: 'DOWN' }))
  assert.ok(changed(null))
})
