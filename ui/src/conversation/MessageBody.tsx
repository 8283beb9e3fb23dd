import { Fragment, memo, type ReactNode, useMemo, useState } from 'react';
import type { Part } from '../bindings/protocol';
import { Button } from '../design/Button';
import { useDark } from '../design/useDark';
import { useText } from '../i18n/text';
import { LinkButton } from './LinkButton';
import { linkPieces, safeUrl, visible } from './links';
import styles from './MessageBody.module.css';
import { frameDocument, isSimple, linksOf, sanitize } from './sanitize';

/** Longer messages show their beginning first, and more of it on demand: laying out a megabyte at once would stop the
 * window. */
const LONG_CHARS = 6_000;
const MORE_CHARS = 60_000;

/** The words of a message. Plain text is shown as text; simple HTML as the program's own elements; everything else in
 * a frame that can neither run nor load anything. */
export const MessageBody = memo(function MessageBody({ part }: { part: Part }) {
  const t = useText();
  const [shown, setShown] = useState(LONG_CHARS);
  const left = part.body_text.length - shown;
  if (left > 0) {
    return (
      <>
        <PlainText text={`${part.body_text.slice(0, shown)}…`} />
        <Button kind="link" onPress={() => setShown(shown + MORE_CHARS)}>
          {t('message-show-more', { count: left })}
        </Button>
      </>
    );
  }
  return part.rich ? (
    <RichBody html={part.body} text={part.body_text} />
  ) : (
    <PlainText text={part.body_text} />
  );
});

export function PlainText({ text }: { text: string }) {
  return (
    <div className={styles.plain} dir="auto">
      <Linked text={text} />
    </div>
  );
}

function Linked({ text }: { text: string }) {
  return linkPieces(text).map((piece, index) =>
    piece.url ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: pieces of a text have no other identity
      <LinkButton key={index} url={piece.url} words={piece.text}>
        {visible(piece.text)}
      </LinkButton>
    ) : (
      piece.text
    ),
  );
}

function RichBody({ html, text }: { html: string; text: string }) {
  const tree = useMemo(() => sanitize(html), [html]);
  const simple = useMemo(() => isSimple(tree), [tree]);
  if (simple) return <div className={styles.simple}>{children(tree, 0)}</div>;
  return <Framed tree={tree} text={text} />;
}

/** Deeper nesting than anybody writes is shown as text. */
const DEEPEST = 40;

function children(node: Node, depth: number): ReactNode[] {
  return [...node.childNodes].map((child, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the tree of a message never changes
    <Fragment key={index}>{element(child, depth)}</Fragment>
  ));
}

function element(node: Node, depth: number): ReactNode {
  if (node.nodeType === Node.TEXT_NODE) return <Linked text={node.textContent ?? ''} />;
  if (!(node instanceof Element)) return null;
  if (depth > DEEPEST) return node.textContent;
  const inside = children(node, depth + 1);
  switch (node.tagName) {
    case 'A': {
      const url = node.getAttribute('href') ?? '';
      const words = node.textContent ?? '';
      if (!safeUrl(url)) return inside;
      return (
        <LinkButton url={url} words={words}>
          {visible(words.trim() === '' ? url : words)}
        </LinkButton>
      );
    }
    case 'BR':
      return <br />;
    case 'P':
      return <p dir="auto">{inside}</p>;
    case 'DIV':
      return <div dir="auto">{inside}</div>;
    case 'B':
    case 'STRONG':
      return <strong>{inside}</strong>;
    case 'I':
    case 'EM':
      return <em>{inside}</em>;
    case 'U':
      return <u>{inside}</u>;
    case 'S':
    case 'DEL':
      return <s>{inside}</s>;
    case 'UL':
      return <ul>{inside}</ul>;
    case 'OL':
      return <ol>{inside}</ol>;
    case 'LI':
      return <li dir="auto">{inside}</li>;
    case 'CODE':
      return <code>{inside}</code>;
    case 'PRE':
      return <pre>{inside}</pre>;
    case 'BLOCKQUOTE':
      return <blockquote dir="auto">{inside}</blockquote>;
    default:
      return inside;
  }
}

const LINE_PX = 19;
const CHARS_PER_LINE = 58;
const SMALLEST_PX = 60;
const LARGEST_PX = 420;

/** How high a frame is to be. What is inside cannot be asked: it may not run, nor share our origin. */
export function estimatedHeight(tree: ParentNode, text: string): number {
  const lines = text
    .split('\n')
    .reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / CHARS_PER_LINE)), 0);
  const blocks = tree.querySelectorAll('tr,h1,h2,h3,h4,hr').length;
  return Math.min(LARGEST_PX, Math.max(SMALLEST_PX, lines * LINE_PX + blocks * 10 + 16));
}

function Framed({ tree, text }: { tree: DocumentFragment; text: string }) {
  const t = useText();
  const [taller, setTaller] = useState(false);
  const dark = useDark();
  const source = useMemo(() => frameDocument(tree, dark), [tree, dark]);
  const links = useMemo(() => linksOf(tree), [tree]);
  const height = useMemo(() => estimatedHeight(tree, text), [tree, text]);
  return (
    <div className={styles.framed}>
      <iframe
        className={styles.frame}
        title={t('message-frame')}
        sandbox=""
        srcDoc={source}
        referrerPolicy="no-referrer"
        style={{ height: taller ? height * 2 : height }}
      />
      <div className={styles.frameFoot}>
        {height >= LARGEST_PX ? (
          <Button kind="link" onPress={() => setTaller(!taller)}>
            {t(taller ? 'message-shorter' : 'message-taller')}
          </Button>
        ) : null}
        {links.map((link) => (
          <LinkButton key={link.url} url={link.url} words={link.words}>
            {visible(link.words)}
          </LinkButton>
        ))}
      </div>
    </div>
  );
}
