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

/** Attributes that lay out and cannot load anything. */
const LAYOUT_ATTRIBUTES = [
  'align',
  'bgcolor',
  'border',
  'cellpadding',
  'cellspacing',
  'color',
  'colspan',
  'dir',
  'lang',
  'rowspan',
  'valign',
  'width',
];

/** A customer's HTML, cleaned a second time by another parser than the server's, as an inert tree: it belongs to no
 * window, so nothing in it loads or runs. */
export function sanitize(html: string): DocumentFragment {
  return DOMPurify.sanitize(html, {
    RETURN_DOM_FRAGMENT: true,
    ALLOWED_TAGS: RICH,
    ALLOWED_ATTR: ['href', ...LAYOUT_ATTRIBUTES],
    // Otherwise their values would be measured as addresses.
    ADD_URI_SAFE_ATTR: LAYOUT_ATTRIBUTES,
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

/** The document of a message's frame. Its own policy forbids everything, styles included: the window's policy holds
 * inside as well and knows only files, so that what little look there is comes from attributes. The frame's sandbox
 * forbids scripts, forms, navigation and the origin. */
export function frameDocument(root: DocumentFragment, dark: boolean): string {
  const holder = document.implementation.createHTMLDocument('').createElement('div');
  holder.append(root.cloneNode(true));
  // A link cannot lead anywhere from inside the frame; those of the message are listed below it.
  for (const link of holder.querySelectorAll('[href]')) link.removeAttribute('href');
  const [text, ground] = dark ? ['#ececea', '#191b1c'] : ['#1c1b1a', '#ffffff'];
  return [
    '<!doctype html><html><head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'">`,
    `<meta name="color-scheme" content="${dark ? 'dark' : 'light'}">`,
    `</head><body dir="auto" text="${text}" bgcolor="${ground}" marginwidth="0" marginheight="0">`,
    // Size 2 is 13 px, the size of every other message.
    `<font face="Inter, system-ui, sans-serif" size="2">${holder.innerHTML}</font></body></html>`,
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
