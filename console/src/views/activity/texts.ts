export const LEAD = 'Who changed what and when, and the events that were published.'
