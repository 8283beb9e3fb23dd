import type { EnrolmentKind, EnrolmentStage, EnrolmentState } from '../../bindings/protocol';

const DAY_US = 86_400_000_000;

/** An invitation as the memory host opens it. */
export const invitation = (nowUs: number): EnrolmentState => ({
  kind: 'invitation',
  invited_by: 'Mia Chen',
  email: 'ana@cactus.example',
  name: 'Ana',
  expires_at: nowUs + 3 * DAY_US,
  stage: 'password',
});

/** What follows the password. */
export const afterPassword = (kind: EnrolmentKind): EnrolmentStage =>
  kind === 'password_reset' ? 'code' : 'authenticator';
