import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { FULL } from '../../test/support/catalogs.ts'
import { runCli, workDir } from '../../test/support/cli-process.ts'
import { openWorld, type Tenant } from '../../test/support/world.ts'
import type { Catalog } from '../api.gen.ts'

const world = await openWorld()
const url = await world.bursar.server.listen({ host: '127.0.0.1', port: 0 })

let files = 0
function fileOf(content: string): string {
  files += 1
  const name = `catalog-${files}.yaml`
  writeFileSync(join(workDir, name), content)
  return name
}
const catalogOf = (catalog: Catalog) => fileOf(JSON.stringify(catalog))

const run = (tenant: Tenant, ...args: string[]) =>
  runCli(['catalog', ...args, '--url', url], { BURSAR_API_KEY: tenant.key })
async function succeeds(tenant: Tenant, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(tenant, ...args)
  assert.equal(code, 0, `${stdout}${stderr}`)
  return stdout
}
const filled = async () => {
  const tenant = await world.tenant()
  await succeeds(tenant, 'apply', catalogOf(FULL))
  return tenant
}

test('an exported catalog makes an empty environment that exports the same bytes', async () => {
  const [one, other] = [await filled(), await world.tenant()]
  const exported = await succeeds(one, 'export')
  assert.match(exported, /^# yaml-language-server: \$schema=http.*\/catalog\.schema\.json\n/)
  const file = fileOf(exported)
  await succeeds(other, 'apply', file)
  assert.equal(await succeeds(other, 'export'), exported)
  assert.match(await succeeds(other, 'apply', file), /^The catalog is that of/)
  assert.equal((await run(one, 'plan', file)).code, 0)
})

test('plan exits with 2 if there is a difference, and says in words which one', async () => {
  const tenant = await filled()
  const { features = [], ...others } = FULL
  const [calls, ...rest] = features
  const file = catalogOf({
    ...others,
    features: [
      ...(calls === undefined ? [] : [{ ...calls, displayName: 'Requests' }]),
      ...rest.filter(({ id }) => id !== 'voice'),
      { id: 'audit', displayName: 'Audit', featureType: 'BOOLEAN' },
    ],
  })
  const planned = await run(tenant, 'plan', file)
  assert.equal(planned.code, 2)
  const [changes, next] = planned.stdout.split('\n\n')
  assert.deepEqual(changes?.split('\n'), [
    '+ create feature audit',
    '    displayName: "Audit"',
    '    featureType: "BOOLEAN"',
    '~ update feature calls',
    '    displayName: "Calls" → "Requests"',
  ])
  assert.match(planned.stderr, /stays as it is without --archive: feature voice/)
  assert.deepEqual((await tenant.ok('v1.catalog.retrieve')).data.catalog, FULL)
  const revision = /--revision (\S+)/.exec(next ?? '')?.[1] ?? ''
  await succeeds(tenant, 'apply', file, '--revision', revision)
  const late = await run(tenant, 'apply', file, '--revision', revision)
  assert.equal(late.code, 1)
  assert.match(late.stderr, /412.*has changed/)
  assert.equal((await run(tenant, 'plan', file)).code, 0)
  const archiving = await run(tenant, 'plan', file, '--archive')
  assert.equal(archiving.code, 2)
  assert.match(archiving.stdout, /^- archive feature voice\n/)
})

test('plan exits with 1 for a wrong command line, because 2 is a difference', async () => {
  const tenant = await world.tenant()
  for (const args of [['plan'], ['plan', 'nothing.yaml'], ['plan', 'x', '--unheard']])
    assert.equal((await run(tenant, ...args)).code, 1)
})

test('drafts are named, and a file that would change one is refused at its place', async () => {
  const tenant = await filled()
  await tenant.ok('v1.plans.createDraft', { params: { id: 'pro' } })
  const { stdout, stderr } = await run(tenant, 'export')
  assert.match(stderr, /draft.*: plan pro/)
  const file = fileOf(stdout.replace('displayName: Pro', 'displayName: Other'))
  const { code, stderr: refusal } = await run(tenant, 'apply', file)
  assert.equal(code, 1)
  const line = stdout.split('\n').findIndex((each) => /- id: pro$/.test(each)) + 1
  assert.match(refusal, new RegExp(`${file}:${line}:\\d+: .*plan pro has a draft`))
})

test('everything that cannot change is listed with line and column', async () => {
  const tenant = await filled()
  await tenant.ok('v1.plans.createDraft', { params: { id: 'pro' } })
  const lines = (await succeeds(tenant, 'export')).split('\n')
  const changed = lines.map((line) =>
    line
      .replace('displayName: Pro', 'displayName: Other')
      .replace('meterType: FLUCTUATING', 'meterType: INCREMENTAL'),
  )
  const file = fileOf(changed.join('\n'))
  const { code, stderr } = await run(tenant, 'plan', file)
  assert.equal(code, 1)
  const lineOf = (text: string) => changed.findIndex((line) => line.includes(text)) + 1
  const [meterType, pro] = stderr.replace('bursar: ', '').trim().split('\n')
  const seats =
    changed.findIndex(
      (line, index) => index > lineOf('id: seats') - 1 && line.includes('meterType'),
    ) + 1
  assert.match(meterType ?? '', new RegExp(`^${file}:${seats}:\\d+: features\\[2\\]: meterType`))
  assert.match(pro ?? '', new RegExp(`^${file}:${lineOf('- id: pro')}:\\d+: .* has a draft`))
})

/** Each line with a mistake ends with `#!`. A line with two ends with `#!!`. */
const WRONG = `
features:
  - id: calls #!
    featureType: NUMBER
  - id: "bad id" #!
    displayName: Bad
    featureType: NUMBER
  - id: switch
    displayName: Switch
    featureType: BOOLEAN
    meterType: INCREMENTAL #!
  - id: switch #!
    displayName: Again
    featureType: BOOLEAN
  - id: choice
    displayName: Choice
    featureType: ENUM
    enumConfiguration:
      - {value: a, displayName: A}
      - {value: a, displayName: B} #!
  - id: kind
    displayName: Kind
    featureType: KIND #!
  - id: metered
    displayName: Metered
    featureType: NUMBER
    meterType: INCREMENTAL
    meter:
      aggregation: #!
        function: SUM
      filters: []
  - id: more
    displayName: More
    featureType: NUMBER
    unheard: 1 #!
  - {id: flag, displayName: Flag, featureType: BOOLEAN}
  - id: pick
    displayName: Pick
    featureType: ENUM
    enumConfiguration: [{value: a, displayName: A}]
currencies:
  - id: gold
    displayName: 7 #!
  - id: silver
    displayName: Silver
    units: #!
      singular: one
  - just a text #!
products:
  - id: app
    displayName: App
    productSettings:
      subscriptionStartSetup: TRIAL_PERIOD
      subscriptionStartPlanId: unheard #!
      subscriptionEndSetup: DOWNGRADE_TO_FREE
      downgradePlanId: a #!
      subscriptionCancellationTime: IMMEDIATE
    plans:
      - id: a
        displayName: A
        pricingType: PAID
        parentPlanId: b #!
        compatibleAddonIds:
          - nothing #!
          - seats
      - id: b
        displayName: B
        pricingType: PAID
        parentPlanId: a #!
      - id: c
        displayName: C
        pricingType: FREE
        compatibleAddonIds: [seats] #!
      - id: d
        displayName: D
        pricingType: PAID
        defaultTrialConfig:
          duration: 0 #!
          units: DAY
          budget: none #!
      - id: e
        displayName: E
        pricingType: PAID
        entitlements:
          - {id: unheard, type: FEATURE} #!
          - {id: metered, type: FEATURE} #!
          - id: flag
            type: FEATURE
            usageLimit: 5 #!
            enumValues: [a] #!
            resetPeriod: DAY #!
          - {id: flag, type: FEATURE} #!
          - id: pick
            type: FEATURE
            enumValues:
              - unheard #!
              - a
              - unseen #!
          - {id: more, type: FEATURE}
          - type: FEATURE #!
            usageLimit: 5
          - {id: gold, type: CREDIT} #!
          - {id: copper, type: CREDIT, amount: 5, cadence: MONTH} #!
          - id: silver
            type: CREDIT
            amount: 5
            cadence: WEEK #!
          - {id: gold, amount: 5, cadence: MONTH} #!
          - id: gold
            type: MONEY #!
          - just a text #!
          - {id: seats, type: CREDIT, cadence: MONTH, usageLimit: 5} #!
      - id: f
        displayName: F
        pricingType: PAID
        entitlements:
          - id: metered
            type: FEATURE
            behavior: Override #!
            isCustom: true #!
            usageLimit: 5 #!
            hasUnlimitedUsage: true
            resetPeriod: DAY
            weeklyResetPeriodConfiguration: {accordingTo: EveryMonday} #!
            yearlyResetPeriodConfiguration: {accordingTo: SubscriptionStart} #!
          - id: gold
            type: CREDIT
            cadence: MONTH
            amount: 0.12345678901 #!
          - id: switch
            type: FEATURE
            monthlyResetPeriodConfiguration:
              accordingTo: EveryMonday #!
    addons:
      - id: seats
        displayName: Seats
        pricingType: PAID
        maxQuantity: 1.5 #!
      - id: c #!
        displayName: Taken
        pricingType: PAID
        dependencies: [seats, seats] #!
`

test('all mistakes are listed at once with line and column, of the schema and of meaning', async () => {
  const { code, stderr } = await run(await world.tenant(), 'plan', fileOf(WRONG))
  assert.equal(code, 1)
  const found = stderr
    .replace('bursar: ', '')
    .trim()
    .split('\n')
    .map((line) => Number(/^catalog-\d+\.yaml:(\d+):\d+: \S/.exec(line)?.[1]))
  const wanted = WRONG.split('\n').flatMap((line, index) =>
    line.endsWith('#!') ? [index + 1] : [],
  )
  assert.ok(wanted.length >= 40)
  assert.deepEqual([...new Set(found)], wanted, stderr)
})

test('a file that is no catalog is refused with the place of the fault', async () => {
  const tenant = await world.tenant()
  const cases: [string, RegExp][] = [
    ['features: [\n  {id: a', /\.yaml:2:\d+: /],
    ['features: {}\n', /\.yaml:1:1: features must be an array/],
    ['just a text', /\.yaml:1:1: .*object/],
    ['features:\n  - id: a\n    id: b\n', /\.yaml:3:5: .*unique/],
    [`a: &a [x,x]\nb: &b [${'*a,'.repeat(9)}]\nc: [${'*b,'.repeat(30)}]\n`, /\S/],
  ]
  for (const [text, message] of cases) {
    const { code, stderr } = await run(tenant, 'plan', fileOf(text))
    assert.equal(code, 1, stderr)
    assert.match(stderr, message)
  }
  assert.equal((await run(tenant, 'plan', fileOf(''))).code, 0)
})

test('the published schema is complete by itself, and the same from the server and the command', async () => {
  const { stdout } = await runCli(['catalog', 'schema'])
  const served = await fetch(`${url}/catalog.schema.json`)
  assert.deepEqual(await served.json(), JSON.parse(stdout))
  const validate = new Ajv2020({ strict: true, allErrors: true }).compile(JSON.parse(stdout))
  assert.ok(validate(FULL), JSON.stringify(validate.errors))
  assert.ok(!validate({ features: [{ id: 'a' }] }))
})
