export const TEXTS = {
  lead: 'The environments of the account that you may open. They share nothing. An API key opens only its own.',
  create: 'Environments are created on the machine of the server: bursar environment create <id>',
  none: 'There is no environment that you may open.',
}
