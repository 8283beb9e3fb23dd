import type { Role } from '../bindings/protocol';
import { type TextId, textIds } from './text';

/** What each role is called. */
export const ROLE_NAMES: Record<Role, TextId> = textIds({
  admin: 'role-admin',
  agent: 'role-agent',
  light_agent: 'role-light-agent',
  unknown: 'role-unknown',
});
