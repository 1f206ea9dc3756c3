import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bursar, runCli, urlOf } from '../../test/support/cli-process.ts'
import { testConnection } from '../../test/support/connection.ts'
import { openWorld } from '../../test/support/world.ts'

const world = await openWorld()

test('members are added, changed, listed and removed', async () => {
  const { id } = await world.tenant()
  const account = ['--account', id]
  const members = async () => {
    const { stdout } = await bursar('member', 'list', ...account, '--json')
    const found = JSON.parse(stdout) as { userId: string; role: string; environments: object }[]
    return found.map(({ userId, role, environments }) => ({ userId, role, environments }))
  }
  const added = await bursar('member', 'add', 'ann', ...account, '--environment', `${id}=VIEWER`)
  assert.equal(added.stdout, '')
  assert.match(added.stderr, /ann is MEMBER of the account/)
  await bursar('member', 'add', 'bob|1', ...account, '--role', 'OWNER')
  await bursar('member', 'add', 'ann', ...account, '--environment', `${id}=SUPPORT`)
  assert.deepEqual(await members(), [
    { userId: 'ann', role: 'MEMBER', environments: { [id]: 'SUPPORT' } },
    { userId: 'bob|1', role: 'OWNER', environments: {} },
  ])
  const table = await bursar('member', 'list', ...account)
  assert.match(table.stdout, new RegExp(`^ann +MEMBER +${id}=SUPPORT +\\d{4}-`, 'm'))
  await bursar('member', 'remove', 'ann', ...account)
  assert.deepEqual(
    (await members()).map(({ userId }) => userId),
    ['bob|1'],
  )
})

test('an impossible change is reported in one sentence and changes nothing', async () => {
  const { id } = await world.tenant()
  const settings = { DATABASE_URL: urlOf(testConnection()) }
  const cases: [string[], number, RegExp][] = [
    [['add'], 2, /the user is missing/],
    [['add', 'ann', '--role', 'KING'], 2, /--role .*OWNER, MEMBER/],
    [['add', 'ann', '--environment', id], 2, /--environment must be <id>=<role>/],
    [['add', 'ann', '--environment', `${id}=KING`], 2, /ADMIN, SUPPORT, VIEWER, NONE/],
    [
      ['add', 'ann', '--environment', 'nowhere=ADMIN'],
      1,
      /does not have all of these environments/,
    ],
    [['add', 'a'.repeat(256)], 1, /1 to 255 characters/],
    [['remove', 'ann'], 1, /member ann not found in account/],
  ]
  for (const [args, code, sentence] of cases) {
    const ended = await runCli(['member', ...args, '--account', id], settings)
    assert.equal(ended.code, code, ended.stderr)
    assert.match(ended.stderr, sentence)
    assert.doesNotMatch(ended.stderr, /\n {4}at /)
  }
  const nowhere = await runCli(['member', 'add', 'ann', '--account', 'nowhere'], settings)
  assert.match(nowhere.stderr, /account nowhere not found/)
  assert.equal((await bursar('member', 'list', '--account', id, '--json')).stdout, '[]\n')
})
