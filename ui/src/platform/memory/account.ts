import type { AccountSecurity, Commands, SessionInfo } from '../../bindings/protocol';

type AccountCommand =
  | 'account_security'
  | 'step_up'
  | 'step_up_sso'
  | 'step_up_sso_open_again'
  | 'step_up_sso_cancel'
  | 'password_check'
  | 'password_change'
  | 'recovery_codes_make'
  | 'recovery_codes_save'
  | 'authenticator_setup'
  | 'authenticator_confirm'
  | 'sessions'
  | 'sessions_end'
  | 'sessions_seen'
  | 'security_checkup';

type Handlers = { [K in AccountCommand]: (request: Commands[K][0]) => Commands[K][1] };

const HOUR_US = 3_600_000_000;

/** Two machines of one's own. */
export function ownSessions(nowUs: number): SessionInfo[] {
  const session = (number: number, device_name: string, current: boolean): SessionInfo => ({
    session_id: `ses_${number.toString(16).padStart(32, '0')}`,
    device_name,
    system: 'linux',
    app_version: '0.1.0',
    address: `192.0.2.${number}`,
    created_at: nowUs - 30 * HOUR_US,
    last_used_at: nowUs - (number - 1) * HOUR_US,
    current,
    unseen: false,
    standing: 'active',
  });
  return [session(1, 'desk', true), session(2, 'kitchen', false)];
}

/** One's own account as the memory host keeps it, with nothing set up yet. */
export function accountHandlers(nowUs: number, sessions: SessionInfo[]): Handlers {
  const security: AccountSecurity = {
    by_provider: false,
    steps_up_by_provider: false,
    password_changed_at: null,
    authenticator_since: null,
    authenticator_due: null,
    recovery_codes_left: 0,
    stepped_up_until: nowUs,
  };
  return {
    account_security: () => ({ ...security }),
    step_up: () => ({ ...security }),
    step_up_sso: () => ({ ...security }),
    step_up_sso_open_again: () => ({}),
    step_up_sso_cancel: () => ({}),
    password_check: ({ password }) => {
      const short = [...password].length < 8;
      return {
        issues: short ? [{ issue: 'too_short', minimum_characters: 8 }] : [],
        score: Math.min(4, Math.floor(password.length / 6)),
        hint: null,
      };
    },
    password_change: () => ({ ...security, password_changed_at: nowUs }),
    recovery_codes_make: () => {
      security.recovery_codes_left = 10;
      return { codes: Array.from({ length: 10 }, (_, index) => `abcd-efgh-jkmn-pqrs-tuvw-xyz2-345${index}`) };
    },
    recovery_codes_save: () => ({ path: 'recado-recovery-codes.txt' }),
    authenticator_setup: () => ({
      secret: 'GEZDGNBVGY3TQOJQ',
      rows: ['101', '010', '101'],
      expires_in_s: 600,
    }),
    authenticator_confirm: () => ({ ...security, authenticator_since: nowUs }),
    sessions: () => ({ sessions: structuredClone(sessions) }),
    sessions_end: ({ session_ids, wipe }) => {
      for (const entry of sessions) {
        if (session_ids.includes(entry.session_id)) entry.standing = wipe ? 'wiped' : 'ended';
      }
      return { sessions: structuredClone(sessions) };
    },
    security_checkup: () => ({ steps: [], looked_at: nowUs }),
    sessions_seen: ({ session_ids }) => {
      for (const entry of sessions) if (session_ids.includes(entry.session_id)) entry.unseen = false;
      return { sessions: structuredClone(sessions) };
    },
  };
}
