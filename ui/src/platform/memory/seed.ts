import type {
  AppState,
  Contact,
  ConversationHead,
  EnrolmentLink,
  Part,
  PartType,
  PartView,
  SessionInfo,
  Team,
  Teammate,
} from '../../bindings/protocol';
import { ownSessions } from './account';
import { earlierLinks } from './personalLinks';

const MINUTE_US = 60_000_000;

export interface MemoryConversation {
  head: ConversationHead;
  contact: Contact;
  parts: PartView[];
  read: number;
  drafts: { reply: string; note: string };
}

export interface MemoryWorld {
  nowUs: number;
  state: AppState;
  teammates: Teammate[];
  teams: Team[];
  conversations: Map<string, MemoryConversation>;
  /** The sessions of the account. */
  sessions: SessionInfo[];
  /** Personal links, the newest first. */
  links: EnrolmentLink[];
}

const id = (prefix: string, number: number) => `${prefix}_${number.toString(16).padStart(32, '0')}`;

const PEOPLE: [name: string, tag: string, language: string, words: string[]][] = [
  [
    'Marta Téllez',
    'restaurant',
    'es',
    [
      'Hola, quiero reservar mesa en Cactus Club para una fiesta, mañana a las 14:00.',
      '>¡Claro! ¿Para cuántas personas sería la reserva?',
      'Seis. Tres parejas. ¿Podría añadir que es una celebración vegana?',
      '#Ben moved',
      '!@Ana the kitchen needs 24 h for a vegan menu; offer 15:00 if they insist on tomorrow.',
      '>Perfecto, lo pregunto a la cocina y le confirmo en un momento.',
      '¿Podría añadir que es una celebración?',
    ],
  ],
  [
    'John Smith',
    'bank',
    'en',
    [
      'Hello, I see two payments of 42.10 on my card from yesterday. See https://bank.example/payments.',
      '>Thanks John, I am looking at both of them.',
      'They probably don’t like my reply, but one of them is not mine.',
      'Anything yet?',
    ],
  ],
  [
    'Kai Lindqvist',
    'ride',
    'sv',
    ['Can the ride be earlier?', '>I can move the ride to 7:40, so you are there by 8.'],
  ],
  [
    '王小雨',
    'hotel',
    'zh',
    ['你好，我想订一家酒店。', '>您好，请问您什么时候入住？', '收到，那这个酒店是什么价位呀？'],
  ],
  [
    'ubuntu_joe',
    'setup',
    'en',
    ['still no sound after the update, also the login screen is in the wrong resolution'],
  ],
  [
    'Priya Desai',
    'doctor',
    'en',
    ['Can I see Dr. Rao on Friday?', '>Friday 10:20 is free, I have put you in.', 'Thanks, that worked!'],
  ],
  [
    'Tom Okafor',
    'apartment',
    'en',
    ['The form does not arrive.', '>I have sent the form again to the address you gave.'],
  ],
  ['Lena Novak', 'apartment', 'en', ['Is the viewing on Thursday still on?']],
  ['Rafael Brito', 'meeting', 'pt', ['Ok, até amanhã.']],
  ['Sam Wilde', 'weather', 'en', ['Will it rain on Saturday?', '>Closing this for now, write any time.']],
  [
    'نور الهدى',
    'hotel',
    'ar',
    ['مرحبا، هل الغرفة متاحة يوم الخميس؟ booking 4411', '>Yes, Thursday is free.', 'شكرا جزيلا'],
  ],
  [
    'Ada',
    'setup',
    'en',
    [
      '<p>Here is the <b>list</b> of what fails:</p><ul><li>sound</li><li>login</li></ul><p>See <a href="https://xn--pple-43d.example/a">apple.example</a></p>',
    ],
  ],
  [
    'Newsletter Ltd',
    'bank',
    'en',
    [
      '<h2>Your statement</h2><table border="1"><tr><td>March</td><td>42.10</td></tr><tr><td>April</td><td>13.00</td></tr></table><p>Read it <a href="https://bank.example/s">here</a></p>',
    ],
  ],
];

const AT_START: AppState = {
  phase: 'ready',
  workspace: {
    id: id('wks', 1),
    name: 'Cactus Desk',
    host: 'support.cactus.example',
    private_authority: true,
  },
  browser: null,
  enrolment: null,
  account: {
    teammate_id: id('tmt', 1),
    name: 'Ana Ruiz',
    email: 'ana.ruiz@cactus.example',
    role: 'agent',
    permissions: [],
  },
  problem: null,
  secret_storage: 'keychain',
  app_lock: false,
  managed: {
    servers: [],
    server_list_locked: false,
    login_methods: null,
    require_system_keychain: false,
    files: [],
  },
  connection: {
    state: 'online',
    since: 0,
    reason: null,
    next_attempt_at: null,
    queued: 0,
    refused: 0,
    bootstrap: null,
    clock_ahead_s: 0,
  },
  settings: {
    language: 'system',
    theme: 'system',
    density: 'comfortable',
    notifications: 'full',
    single_letter_keys: true,
    lock_after_min: 15,
    keys: {},
    layout: {},
  },
};

function teammate(number: number, name: string): Teammate {
  const email = `${name.toLowerCase().replace(' ', '.')}@cactus.example`;
  return { id: id('tmt', number), name, email, role: 'agent', state: 'active', created_at: 0, version: 1 };
}

export function part(
  conversationId: string,
  seq: number,
  fields: Partial<Part> & { part_type: PartType; created_at: number },
): Part {
  return {
    id: `prt_${conversationId.slice(-6)}${seq.toString(16).padStart(26, '0')}`,
    conversation_id: conversationId,
    seq,
    author: { type: 'contact', admin_id: null, name: null },
    body: '',
    body_text: '',
    rich: false,
    assigned_to_admin_id: null,
    assigned_to_team_id: null,
    snoozed_until: null,
    priority: null,
    tag: null,
    command_id: null,
    version: 1,
    ...fields,
  };
}

const plain = (html: string) =>
  html
    .replace(/<\/(p|li|h2|tr)>/g, '\n')
    .replace(/<[^>]+>/g, '')
    .trim();

function makePart(conversationId: string, seq: number, text: string, name: string, at: number): PartView {
  const ours = { type: 'admin' as const, admin_id: id('tmt', 1), name: 'Ana Ruiz' };
  const ben = { type: 'admin' as const, admin_id: id('tmt', 2), name: 'Ben Ode' };
  const sent = { type: 'sent' as const };
  if (text.startsWith('#')) {
    return {
      part: part(conversationId, seq, {
        part_type: 'assignment',
        created_at: at,
        author: ben,
        assigned_to_team_id: id('tem', 1),
      }),
      mine: false,
      delivery: sent,
      heard_at: null,
    };
  }
  const kind = text[0] === '>' ? 'reply' : text[0] === '!' ? 'note' : 'customer';
  const body = kind === 'customer' ? text : text.slice(1);
  const rich = body.startsWith('<');
  return {
    part: part(conversationId, seq, {
      part_type: kind === 'note' ? 'note' : 'comment',
      created_at: at,
      author: kind === 'customer' ? { type: 'contact', admin_id: null, name } : kind === 'note' ? ben : ours,
      body,
      body_text: rich ? plain(body) : body,
      rich,
    }),
    mine: kind === 'reply',
    delivery: sent,
    heard_at: null,
  };
}

function makeConversation(number: number, nowUs: number): MemoryConversation {
  const person = PEOPLE[number % PEOPLE.length] ?? PEOPLE[0];
  if (!person) throw new Error('There is at least one person.');
  const [name, tag, language, words] = person;
  const conversationId = id('cnv', number + 1);
  const newestUs =
    nowUs - (4 + number * 7 + (number > 8 ? Math.min(number - 8, 300) ** 2 * 40 : 0)) * MINUTE_US;
  const parts = words.map((text, index) =>
    makePart(conversationId, index + 1, text, name, newestUs - (words.length - 1 - index) * 3 * MINUTE_US),
  );
  const messages = parts.filter((entry) => entry.part.body_text !== '');
  const last = messages.at(-1)?.part;
  const fromCustomer = parts.filter((entry) => entry.part.author.type === 'contact').length;
  const waits = last?.author.type === 'contact';
  const contact: Contact = {
    id: id('cnt', number + 1),
    external_id: null,
    name,
    email: `${tag}${number}@mail.example`,
    phone: number % 3 === 0 ? '+34 600 100 200' : null,
    language,
    created_at: nowUs - 400_000 * MINUTE_US,
    version: 1,
  };
  return {
    contact,
    parts,
    read: number < 2 ? fromCustomer - 1 - (number % 2) : fromCustomer,
    drafts: { reply: '', note: '' },
    head: {
      id: conversationId,
      contact_id: contact.id,
      title: number % 4 === 0 ? 'Reservation for tomorrow' : null,
      state: number % 17 === 16 ? 'closed' : number % 13 === 12 ? 'snoozed' : 'open',
      snoozed_until: number % 13 === 12 ? nowUs + 900 * MINUTE_US : null,
      priority: number === 4 ? 'priority' : 'not_priority',
      admin_assignee_id:
        number % 3 === 2 && number > 8 ? null : id('tmt', number > 12 && number % 3 === 1 ? 2 : 1),
      team_assignee_id: id('tem', (number % 3) + 1),
      tags: number === 4 ? [tag, 'sound'] : [tag],
      waiting_since: waits ? newestUs : null,
      created_at: parts[0]?.part.created_at ?? newestUs,
      last_part_at: newestUs,
      preview: (last?.body_text ?? '').slice(0, 120),
      preview_author: last?.author.type ?? 'contact',
      preview_is_note: last?.part_type === 'note',
      part_count: parts.length,
      contact_part_count: fromCustomer,
      version: 1,
    },
  };
}

/** A small workspace in memory. */
export function seedWorld(count: number, nowUs = Date.now() * 1000): MemoryWorld {
  const teammates = [
    teammate(1, 'Ana Ruiz'),
    teammate(2, 'Ben Ode'),
    teammate(3, 'Chen Li'),
    teammate(4, 'Dana Fox'),
  ];
  const teams = ['Reservations', 'Bank', 'Rides'].map((name, index) => ({
    id: id('tem', index + 1),
    name,
    admin_ids: [id('tmt', 1)],
    version: 1,
  }));
  const conversations = new Map<string, MemoryConversation>();
  for (let number = 0; number < count; number += 1) {
    const conversation = makeConversation(number, nowUs);
    conversations.set(conversation.head.id, conversation);
  }
  const state = structuredClone(AT_START);
  state.connection.since = nowUs - 20 * MINUTE_US;
  return {
    nowUs,
    state,
    teammates,
    teams,
    conversations,
    sessions: ownSessions(nowUs),
    links: earlierLinks(nowUs, id('tmt', 2)),
  };
}
