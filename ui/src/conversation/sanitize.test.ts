// @vitest-environment jsdom
import { expect, test } from 'vitest';
import { frameDocument, isSimple, linksOf, sanitize } from './sanitize';

function cleaned(html: string): string {
  const holder = document.createElement('div');
  holder.append(sanitize(html));
  return holder.innerHTML;
}

const HOSTILE = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '<img src="https://tracker.example/pixel.gif">',
  '<svg><script>alert(1)</script></svg>',
  '<svg onload=alert(1)>',
  '<math><mtext><style><img src=x onerror=alert(1)></style></mtext></math>',
  '<iframe src="javascript:alert(1)"></iframe>',
  '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
  '<object data="https://evil.example"></object>',
  '<embed src="https://evil.example">',
  '<form action="https://evil.example"><input name=q><button>go</button></form>',
  '<base href="https://evil.example/">',
  '<meta http-equiv="refresh" content="0;url=https://evil.example">',
  '<link rel="stylesheet" href="https://evil.example/x.css">',
  '<link rel="preconnect" href="https://evil.example">',
  '<style>@import url(https://evil.example/x.css)</style>',
  '<p style="background:url(https://evil.example/x)">a</p>',
  '<table background="https://evil.example/x.gif"><tr><td>a</td></tr></table>',
  '<a href="javascript:alert(1)">x</a>',
  '<a href="java\nscript:alert(1)">x</a>',
  '<a href="data:text/html,<script>alert(1)</script>">x</a>',
  '<a href="vbscript:x">x</a>',
  '<a href="file:///etc/passwd">x</a>',
  '<a href="https://ok.example" onclick="alert(1)" target="_top">x</a>',
  '<video src="https://evil.example/v.mp4" autoplay></video>',
  '<audio src="https://evil.example/a.mp3"></audio>',
  '<p id="root" class="x" name="y">clobber</p>',
  '<div aria-label="x" data-testid="composer-send" role="button" tabindex="0">fake</div>',
  '<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>',
  '<template><img src=x onerror=alert(1)></template>',
  '<select><option>x</option></select>',
  '<textarea></textarea><img src=x onerror=alert(1)>',
];

test('nothing hostile is left', () => {
  for (const html of HOSTILE) {
    const result = cleaned(html).toLowerCase();
    expect(result, html).not.toMatch(
      /<(script|img|svg|math|iframe|object|embed|form|input|button|base|meta|link|style|video|audio|template|select|textarea)\b/,
    );
    expect(result, html).not.toMatch(
      /\son\w+=|javascript:|vbscript:|data:|file:|style=|class=|id=|target=|background=/,
    );
    expect(result, html).not.toMatch(/\s(role|tabindex|aria-\w+|data-[\w-]+|name)=/);
  }
});

test('cleaning what is clean changes nothing', () => {
  for (const html of [...HOSTILE, '<p>a <b>b</b></p>', '<table><tbody><tr><td>x</td></tr></tbody></table>']) {
    const once = cleaned(html);
    expect(cleaned(once)).toBe(once);
  }
});

test('words and safe links stay', () => {
  expect(cleaned('<p>See <a href="https://ok.example/a?b=1">this</a></p>')).toBe(
    '<p>See <a href="https://ok.example/a?b=1">this</a></p>',
  );
  expect(cleaned('<unknown>words</unknown>')).toBe('words');
});

test('paragraphs, lists and links need no frame; tables and headings do', () => {
  expect(isSimple(sanitize('<p>a<br><b>b</b></p><ul><li>c</li></ul><a href="https://x.example">d</a>'))).toBe(
    true,
  );
  expect(isSimple(sanitize('<table><tr><td>a</td></tr></table>'))).toBe(false);
  expect(isSimple(sanitize('<h1>a</h1>'))).toBe(false);
  expect(isSimple(sanitize('<div align="right">a</div>'))).toBe(false);
});

test('a frame forbids everything, leads nowhere and carries no styles', () => {
  const source = frameDocument(
    sanitize('<h1>a</h1><a href="https://x.example">b</a><p style="color:red">c</p>'),
    true,
  );
  expect(source).toContain(`content="default-src 'none'"`);
  expect(source).not.toMatch(/href=|src=|style|<script/i);
});

test('the links of a message are listed once', () => {
  const tree = sanitize(
    '<a href="https://x.example">one</a><a href="https://x.example">two</a><a href="mailto:a@b.example"></a>',
  );
  expect(linksOf(tree)).toEqual([
    { url: 'https://x.example', words: 'one' },
    { url: 'mailto:a@b.example', words: 'mailto:a@b.example' },
  ]);
});
