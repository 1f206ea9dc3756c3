import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { runCli, workDir } from '../../test/support/cli-process.ts'
import { openWorld, type Tenant } from '../../test/support/world.ts'
import { csvRows } from './import/csv-rows.ts'
import { jsonRows } from './import/json-rows.ts'
import { requestsOf } from './import/requests.ts'
import type { FileRow } from './import/row-error.ts'

const world = await openWorld()
const url = await world.bursar.server.listen({ host: '127.0.0.1', port: 0 })

let files = 0
function fileOf(content: string | Buffer, extension = 'csv'): string {
  files += 1
  const name = `customers-${files}.${extension}`
  writeFileSync(join(workDir, name), content)
  return name
}

const importing = (tenant: Tenant, ...args: string[]) =>
  runCli(['import', 'customers', ...args, '--url', url], { BURSAR_API_KEY: tenant.key })
async function imports(tenant: Tenant, ...args: string[]) {
  const ended = await importing(tenant, ...args)
  assert.equal(ended.code, 0, ended.stderr)
  return ended
}
const retrieve = async (tenant: Tenant, id: string) =>
  (await tenant.ok('v1.customers.retrieve', { params: { id } })).data
const idsOf = async (tenant: Tenant) =>
  (await tenant.ok('v1.customers.list', { query: { limit: '100' } })).data
    .map(({ id }) => id)
    .toReversed()

/** Yields the text in chunks of a size, like a stream. */
function* pieces(text: string, size: number): Generator<Buffer> {
  const bytes = Buffer.from(text)
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size)
}
async function rowsIn(read: typeof csvRows, text: string, size = 7): Promise<FileRow[]> {
  return Array.fromAsync(read(Readable.from(pieces(text, size), { objectMode: false })))
}

const HEADER = 'id,email,name'
const row = (line: number, id: string, more: object = {}) => ({
  line,
  value: { id, email: null, name: null, ...more },
})

test('CSV is read with quotes, line breaks in cells, blanks and characters of any length', async () => {
  const text = [
    HEADER,
    'a,a@a.example,"Smith, ""Ann"""',
    '',
    ' b , , Bücher 😀 ',
    '"c",,"two',
    'lines"',
    ',,',
    'd,,',
  ]
  const expected = [
    row(2, 'a', { email: 'a@a.example', name: 'Smith, "Ann"' }),
    row(4, 'b', { name: 'Bücher 😀' }),
    row(5, 'c', { name: 'two\nlines' }),
    row(8, 'd'),
  ]
  for (const size of [1, 7, 1000])
    assert.deepEqual(await rowsIn(csvRows, text.join('\n'), size), expected)
  const windows = `\ufeff${text.join('\r\n')}\r\n`
  const inWindows = expected.map((each) =>
    JSON.parse(JSON.stringify(each).replace('\\n', '\\r\\n')),
  )
  assert.deepEqual(await rowsIn(csvRows, windows), inWindows)
})

test('an empty cell leaves out an optional column or a metadata key', async () => {
  const text =
    'metadata.a b,name,id,billingId,email,updatedAt,metadata.x\n1,,a,,,,\n,,b,cus_1,,,2\n'
  assert.deepEqual(await rowsIn(csvRows, text), [
    row(2, 'a', { metadata: { 'a b': '1' } }),
    row(3, 'b', { billingId: 'cus_1', metadata: { x: '2' } }),
  ])
})

test('an invalid CSV file is refused with the number of the line', async () => {
  const cases: [string, RegExp][] = [
    ['', /^line 1: the first line must name the columns/],
    ['id;email;name\n', /^line 1: "id;email;name" is not a column; the columns are id, email/],
    ['id,email,name,metadata.\n', /^line 1: "metadata\." is not a column/],
    ['id,name\n', /^line 1: the column email is missing/],
    ['id,email,name,id\n', /^line 1: the column id appears twice/],
    [`${HEADER}\na,,\nb,\n`, /^line 3: the row has more or fewer cells/],
    [`${HEADER}\na,,\nb,,"x\ny\n`, /^line 3: a quote .* never closed/],
    [`${HEADER}\na,,x"y\n`, /^line 2: a quote inside a cell/],
    [`${HEADER}\na,,"x"y\n`, /^line 2: text after the closing quote/],
    [`${HEADER}\na,,${'x'.repeat(1_100_000)}\n`, /^line 2: a row of more than/],
  ]
  for (const [text, message] of cases)
    await assert.rejects(rowsIn(csvRows, text, 50_000), { name: 'CommandError', message }, text)
})

test('JSON has one object on each line', async () => {
  const text =
    '{"id":"a","name":"}]\\"\\\\"}\r\n\n  {"id":"b","metadata":{"x":"{"}}  \n{"id":"ü😀"}'
  const expected = [
    { line: 1, value: { id: 'a', name: '}]"\\' } },
    { line: 3, value: { id: 'b', metadata: { x: '{' } } },
    { line: 4, value: { id: 'ü😀' } },
  ]
  for (const size of [1, 7, 1000]) {
    assert.deepEqual(await rowsIn(jsonRows, text, size), expected)
    assert.deepEqual(await rowsIn(jsonRows, `\ufeff ${text}\n`, size), expected)
  }
})

test('an invalid JSON file is refused with the number of the line', async () => {
  const cases: [string, RegExp][] = [
    ['', /^line 1: the file must have one JSON object on each line/],
    ['\n \n', /^line 1: the file must have one JSON object on each line/],
    ['\n"a"', /^line 2: the file must have one JSON object on each line/],
    ['[{}]', /^line 1: the file must have one JSON object on each line/],
    ['{}\n,{}', /^line 2: the file must have one JSON object on each line/],
    ['{}\n{} {}', /^line 2: not valid JSON/],
    ['{}\n{"a":', /^line 2: not valid JSON/],
    ['{}\n{"a" 1}', /^line 2: not valid JSON/],
    [`{}\n{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, /^line 2: the row is nested/],
    [`{}\n{"a":"${'x'.repeat(1_100_000)}"}`, /^line 2: a row of more than/],
  ]
  for (const [text, message] of cases)
    await assert.rejects(rowsIn(jsonRows, text, 50_000), { name: 'CommandError', message }, text)
})

test('a request has at most 1,000 rows, at most 1 MB, and no id twice', async () => {
  const sizes = async (rows: readonly object[]) => {
    const numbered = rows.map((value, index) => ({ line: index + 1, value: { ...value } }))
    const made = await Array.fromAsync(requestsOf(Readable.from(numbered)))
    assert.deepEqual(made.flat(), numbered)
    return made.map(({ length }) => length)
  }
  const many = Array.from({ length: 2001 }, (_, index) => ({ id: `c${index}` }))
  assert.deepEqual(await sizes(many), [1000, 1000, 1])
  const large = Array.from({ length: 7 }, (_, index) => ({
    id: `c${index}`,
    x: 'ü'.repeat(150_000),
  }))
  assert.deepEqual(await sizes(large), [3, 3, 1])
  assert.deepEqual(await sizes([{ id: 'a' }, { id: 'b' }, { id: 'a' }, { id: 'c' }]), [2, 2])
  assert.deepEqual(await sizes([]), [])
})

test('importing a file again changes nothing', async () => {
  const tenant = await world.tenant()
  const file = fileOf(`${HEADER},metadata.tier\na,a@a.example,A,gold\nb,,,\n`)
  const { stdout, stderr } = await imports(tenant, file)
  assert.equal(stdout, `2 rows of ${file} imported: 2 new customers.\n`)
  assert.match(stderr, /^customers \(kB\): 1\/1\n$/)
  const { name, email, metadata } = await retrieve(tenant, 'a')
  assert.deepEqual(
    { name, email, metadata },
    {
      name: 'A',
      email: 'a@a.example',
      metadata: { tier: 'gold' },
    },
  )
  const before = await tenant.announced()
  assert.match((await imports(tenant, file)).stdout, /2 rows .*: 0 new customers/)
  assert.deepEqual(await tenant.announced(), before)
})

test('thousands of rows are sent in several requests, and the last row of an id takes precedence', async () => {
  const tenant = await world.tenant()
  const lines = Array.from(
    { length: 2500 },
    (_, index) => `{"id":"c${index}","email":null,"name":null}`,
  )
  const last = '{"id":"c7","email":null,"name":"last"}'
  const file = fileOf([...lines, last].join('\n'), 'jsonl')
  const { stdout } = await imports(tenant, file)
  assert.match(stdout, /^2501 rows .*: 2500 new customers/)
  assert.equal((await retrieve(tenant, 'c7')).name, 'last')
})

test('the example file of the demo can be imported', async () => {
  const tenant = await world.tenant()
  const file = join(import.meta.dirname, '../../demo/customers.csv')
  await imports(tenant, file)
  assert.deepEqual(await idsOf(tenant), ['halcyon', 'marlow', 'tern.studio'])
})

test('--integration names the integration that the ids in the rows belong to', async () => {
  const tenant = await world.tenant()
  const integrations = [{ id: 'stripe', vendorIdentifier: 'STRIPE', syncedEntityId: null }]
  await tenant.ok('v1.customers.provision', { body: { id: 'x', integrations } })
  const file = fileOf(`${HEADER},billingId\na,,,cus_1\n`)
  await imports(tenant, file, '--integration', 'stripe')
  assert.equal((await retrieve(tenant, 'a')).integrations[0]?.syncedEntityId, 'cus_1')
  const unknown = await importing(tenant, file, '--integration', 'nowhere')
  assert.equal(unknown.code, 1)
  assert.match(unknown.stderr, /404: .*nowhere not found\nNothing was imported\.\n$/)
})

test('an invalid row is reported by its line, earlier requests stay, and the rest can be imported later', async () => {
  const tenant = await world.tenant()
  const rows = Array.from({ length: 1500 }, (_, index) => `c${index},,`)
  const bad = [HEADER, ...rows]
  bad[1201] = 'c1200,not an address,'
  const file = fileOf(bad.join('\n'))
  const ended = await importing(tenant, file)
  assert.equal(ended.code, 1)
  assert.match(
    ended.stderr,
    /line 1202: email must be .*\n1000 rows above .* stay; go on with --from-line 1002\.\n$/,
  )
  assert.equal(ended.stdout, '')
  assert.equal((await tenant.announced()).length, 1000)
  const mended = fileOf([HEADER, ...rows].join('\n'))
  const { stdout } = await imports(tenant, mended, '--from-line', '1002')
  assert.match(stdout, /^500 rows .*: 500 new customers/)
})

test('an unreadable row stops the import after the rows above it', async () => {
  const tenant = await world.tenant()
  const broken = await importing(tenant, fileOf(`${HEADER}\na,,\nb,,"\n`))
  assert.match(broken.stderr, /line 3: a quote.*\n1 row above .* --from-line 3\.\n$/)
  assert.deepEqual(await idsOf(tenant), ['a'])
  const latin = Buffer.from(`${HEADER}\nb,,\nc,,B\u00fccher\n`, 'latin1')
  const foreign = await importing(tenant, fileOf(latin))
  assert.match(foreign.stderr, /line 3: contains text that is not UTF-8/)
  assert.deepEqual(await idsOf(tenant), ['a', 'b'])
})

test('a file in UTF-16 is refused, because it is not UTF-8', async () => {
  const tenant = await world.tenant()
  const little = Buffer.from(`\ufeff${HEADER}\na,,\n`, 'utf16le')
  const bare = little.subarray(2)
  for (const bytes of [little, bare, Buffer.from(little).swap16(), Buffer.from(bare).swap16()])
    for (const option of [[], ['--dry-run']]) {
      const ended = await importing(tenant, fileOf(bytes), ...option)
      assert.equal(ended.code, 1)
      assert.match(ended.stderr, /line 1: the file is not UTF-8 but UTF-16: save it as UTF-8/)
    }
  assert.deepEqual(await idsOf(tenant), [])
})

test('--dry-run reports the rows that the server would refuse, and writes nothing', async () => {
  const tenant = await world.tenant()
  const fine = fileOf('{"id":"a","email":null,"name":null}', 'ndjson')
  const { stdout } = await imports(tenant, fine, '--dry-run')
  assert.equal(stdout, `1 row of ${fine} can be sent; nothing was.\n`)
  const cases: [string, RegExp][] = [
    ['{"id":"-a","email":null,"name":null}', /line 2: id must match/],
    ['{"email":null,"name":null}', /line 2: id is required/],
    [
      '{"id":"a","email":null,"name":null,"x":1}',
      /line 2: Unrecognized key\(s\) in (body|request): "x"/,
    ],
    ['{"id":"a","email":null,"name":"\\u0000"}', /line 2: "name" contains NUL/],
    ['{"id":"a","email":null,"name":null,"__proto__":{}}', /the keys __proto__/],
  ]
  for (const [text, message] of cases) {
    const file = fileOf(`{"id":"b","email":null,"name":null}\n${text}`, 'ndjson')
    const checked = await importing(tenant, file, '--dry-run')
    assert.equal(checked.code, 1)
    assert.match(checked.stderr, message)
    assert.doesNotMatch(checked.stderr, /imported/)
  }
  assert.deepEqual(await tenant.announced(), [])
})

test('without a file, a server or a key, the import says what is missing', async () => {
  const tenant = await world.tenant()
  const readOnly = await tenant.newKey('read-only')
  const file = fileOf(`${HEADER}\na,,\n`)
  const cases: [string[], RegExp][] = [
    [['nothing.csv', '--url', url, '--key', 'x'], /nothing\.csv cannot be read: ENOENT/],
    [['.', '--format', 'csv', '--url', url, '--key', 'x'], /is not a file/],
    [[file, '--url', 'http://127.0.0.1:9', '--key', 'x'], /no server answers/],
    [[file, '--url', url, '--key', 'nobody-knows-this'], /does not know the key of --key/],
    [[file, '--url', url, '--key', readOnly], /403/],
  ]
  for (const [args, message] of cases) {
    const ended = await runCli(['import', 'customers', ...args])
    assert.equal(ended.code, 1)
    assert.match(ended.stderr, message)
  }
})

/** Starts a server that gives these responses, one after the other. */
async function openFake(t: TestContext, answers: readonly RequestListener[]): Promise<string> {
  let served = 0
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      answers[Math.min(served, answers.length - 1)]?.(request, response)
      served += 1
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
const busy =
  (status: number, retryAfter: string): RequestListener =>
  (_, response) => {
    response.writeHead(status, { 'retry-after': retryAfter }).end('{"message":"later"}')
  }
const done: RequestListener = (_, response) => {
  response.end('{"data":{"newCustomers":["a"]}}')
}

test('an overloaded server is asked again after the time that it names, but not for ever', async (t) => {
  const file = fileOf(`${HEADER}\na,,\n`)
  const passing = await openFake(t, [busy(429, '0'), busy(503, '0'), done])
  const args = (at: string) => ['import', 'customers', file, '--url', at, '--key', 'x']
  const ended = await runCli(args(passing))
  assert.equal(ended.code, 0, ended.stderr)
  assert.match(ended.stdout, /1 row .* 1 new customer\./)
  const lasting = await runCli(args(await openFake(t, [busy(503, '0')])))
  assert.equal(lasting.code, 1)
  assert.match(lasting.stderr, /503: later\nNothing was imported/)
})

test('a redirect is not followed, because the key is meant only for the named server', async (t) => {
  let asked = false
  const elsewhere = await openFake(t, [
    (request, response) => {
      asked = true
      done(request, response)
    },
  ])
  const at = await openFake(t, [
    (_, response) => {
      response.writeHead(307, { location: `${elsewhere}/api/v1/customers/import` }).end()
    },
  ])
  const file = fileOf(`${HEADER}\na,,\n`)
  const ended = await runCli(['import', 'customers', file, '--url', at, '--key', 'x'])
  assert.deepEqual([ended.code, asked], [1, false])
  assert.match(ended.stderr, /is not Bursar: pass another one with --url/)
})
