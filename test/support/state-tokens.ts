import { createSecretKey } from 'node:crypto'
import { readIdentity } from '../../src/db/index.ts'
import { required } from '../../src/kernel/assert.ts'
import type { Sequences } from '../../src/kernel/sequences.ts'
import { contentOf, tokenOf } from '../../src/state-tokens/token.ts'
import type { Tenant, World } from './world.ts'

/** Makes and reads the tokens of an environment, as its servers do. */
export async function stateTokensOf({ bursar }: World, { scope }: Pick<Tenant, 'scope'>) {
  const { databaseId, signingKey } = await readIdentity(bursar.app.db.read)
  const maker = { databaseId, signingKey: createSecretKey(signingKey), history: 0 }
  const subject = (customerId: string) => ({ ...scope, customerId })
  return {
    make: (customerId: string, sequences: Sequences): string =>
      tokenOf(maker, subject(customerId), sequences),
    /** Returns the state that a token names. Fails for a token of another customer. */
    sequencesIn: (customerId: string, token: unknown): Sequences =>
      required(contentOf(maker, subject(customerId), String(token)), 'the content of a token')
        .sequences,
  }
}
