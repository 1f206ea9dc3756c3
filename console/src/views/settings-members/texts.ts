import type { Member } from '../../../../src/api.gen.ts'
import type { Choice } from '../../ui/choices.ts'

/** What a person may do here: their role in the account and in the environment as one choice. */
export type Standing = 'OWNER' | Member['role']

export const standingOf = ({ accountRole, role }: Member): Standing =>
  accountRole === 'OWNER' ? 'OWNER' : role

/** The roles that are sent for a choice. */
export const rolesOf = (standing: Standing): Pick<Member, 'accountRole' | 'role'> =>
  standing === 'OWNER'
    ? { accountRole: 'OWNER', role: 'ADMIN' }
    : { accountRole: 'MEMBER', role: standing }

export const STANDINGS: Readonly<Record<Standing, string>> = {
  OWNER: 'everything, in every environment of the account',
  ADMIN: 'everything',
  SUPPORT: 'customers, entities, budgets and grants',
  VIEWER: 'read everything',
  NONE: 'nothing here',
}

export const CHOICES: readonly Choice<Standing>[] = (Object.keys(STANDINGS) as Standing[]).map(
  (value) => ({ value, label: `${value}: ${STANDINGS[value]}` }),
)

/** The types of events about members. Other objects may have the id of a person. */
export const EVENTS = ['member.updated', 'member.removed'] as const

export const TEXTS = {
  lead: 'The people of the account, and what they may do in this environment. They sign in with a token of your identity provider.',
  userId: 'The subject (sub) of their tokens.',
  none: 'No members yet. People who may open this environment appear here.',
  isMember: (id: string) => `${id} is a member already. Change their role in the list.`,
  onlyOwners: 'Only an owner of the account may make, change or remove an owner.',
  fromAccount:
    'They lose their roles in all environments of the account at once. API keys that they created keep working.',
  fromHere:
    'They lose their role in this environment at once. API keys that they created keep working.',
}
