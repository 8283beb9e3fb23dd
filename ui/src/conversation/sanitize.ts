import DOMPurify from 'dompurify';

/** Elements that are shown as the program's own, without any attribute but a link's address. */
const SIMPLE = [
  'a',
  'b',
  'blockquote',
  'br',
  'code',
  'del',
  'div',
  'em',
  'i',
  'li',
  'ol',
  'p',
  'pre',
  's',
  'span',
  'strong',
  'u',
  'ul',
];

/** Elements that need a frame. Nothing here can load, run, submit or style what is outside. */
const RICH = [
  ...SIMPLE,
  'caption',
  'center',
  'col',
  'colgroup',
  'dd',
  'dl',
  'dt',
  'font',
  'h1',
  'h2',
  'h3',
  'h4',
  'h5',
  'h6',
  'hr',
  'small',
  'sub',
  'sup',
  'table',
  'tbody',
  'td',
  'tfoot',
  'th',
  'thead',
  'tr',
];

const ATTRIBUTES = ['align', 'bgcolor', 'border', 'cellpadding', 'cellspacing', 'color', 'colspan', 'dir', 'href', 'lang', 'rowspan', 'valign', 'width'];

/** A customer's HTML, cleaned a second time by another parser than the server's, as an inert tree: it belongs to no
 * window, so nothing in it loads or runs. */
export function sanitize(html: string): DocumentFragment {
  return DOMPurify.sanitize(html, {
    RETURN_DOM_FRAGMENT: true,
    ALLOWED_TAGS: RICH,
    ALLOWED_ATTR: ATTRIBUTES,
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    ALLOWED_URI_REGEXP: /^(?:https?|mailto|tel):/i,
    KEEP_CONTENT: true,
  });
}

const SIMPLE_NAMES = new Set(SIMPLE.map((name) => name.toUpperCase()));

/** Whether a cleaned tree can be shown without a frame. */
export function isSimple(root: ParentNode): boolean {
  for (const element of root.querySelectorAll('*')) {
    if (!SIMPLE_NAMES.has(element.tagName)) return false;
    for (const name of element.getAttributeNames()) {
      if (name !== 'href' && name !== 'dir' && name !== 'lang') return false;
    }
  }
  return true;
}

/** The document of a message's frame. Its own policy forbids everything but the styles written here; the frame's
 * sandbox forbids scripts, forms, navigation and the origin. */
export function frameDocument(root: DocumentFragment, dark: boolean): string {
  const holder = document.implementation.createHTMLDocument('').createElement('div');
  holder.append(root.cloneNode(true));
  // A link cannot lead anywhere from inside the frame; those of the message are listed below it.
  for (const link of holder.querySelectorAll('[href]')) link.removeAttribute('href');
  const [text, ground, line] = dark ? ['#ececea', '#191b1c', '#2a2c2e'] : ['#1c1b1a', '#ffffff', '#e6e5e1'];
  return [
    '<!doctype html><html><head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    '<style>',
    `html{color-scheme:${dark ? 'dark' : 'light'}}`,
    `body{margin:0;font:13px/1.45 system-ui,sans-serif;color:${text};background:${ground};overflow-wrap:anywhere}`,
    `table{border-collapse:collapse;max-width:100%}td,th{vertical-align:top}`,
    `blockquote{margin:0 0 0 2px;padding-left:10px;border-left:2px solid ${line}}`,
    'pre{white-space:pre-wrap}a{text-decoration:underline}h1,h2,h3{font-size:15px;margin:8px 0 4px}p{margin:0 0 8px}',
    `</style></head><body dir="auto">${holder.innerHTML}</body></html>`,
  ].join('');
}

export interface MessageLink {
  url: string;
  words: string;
}

/** The links of a cleaned tree, each address once. */
export function linksOf(root: ParentNode): MessageLink[] {
  const links = new Map<string, MessageLink>();
  for (const element of root.querySelectorAll('a[href]')) {
    const url = element.getAttribute('href') ?? '';
    const words = (element.textContent ?? '').trim();
    if (!links.has(url)) links.set(url, { url, words: words === '' ? url : words });
  }
  return [...links.values()];
}
