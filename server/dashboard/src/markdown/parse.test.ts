/** Markdown as a tree of blocks, whatever is written. */
import { describe, expect, it } from 'vitest';
import { inlinesOf, parseMarkdown, safeAddress, type BlockNode, type Inline } from './parse';

/** A tree as a short text, so that a test reads as what is meant. */
function said(nodes: readonly Inline[]): string {
  return nodes
    .map((node) => {
      switch (node.kind) {
        case 'text':
          return node.text;
        case 'code':
          return `<code>${node.text}</code>`;
        case 'break':
          return '<br>';
        case 'link':
          return `<a ${node.address}>${said(node.of)}</a>`;
        case 'image':
          return `<img ${node.address} ${node.text}>`;
        default:
          return `<${node.kind}>${said(node.of)}</${node.kind}>`;
      }
    })
    .join('');
}

function shape(blocks: readonly BlockNode[]): string {
  return blocks
    .map((block) => {
      switch (block.kind) {
        case 'heading':
          return `h${block.level}(${said(block.of)})`;
        case 'paragraph':
          return `p(${said(block.of)})`;
        case 'code':
          return `code[${block.language}](${block.text})`;
        case 'quote':
          return `quote(${shape(block.of)})`;
        case 'list':
          return `${block.ordered ? `ol${block.start}` : 'ul'}(${block.items.map(({ done, of }) => `${done === null ? '' : done ? '[x]' : '[ ]'}${shape(of)}`).join('; ')})`;
        case 'table':
          return `table[${block.align.join()}](${block.head.map(said).join('|')} / ${block.rows.map((row) => row.map(said).join('|')).join(' / ')})`;
        case 'rule':
          return 'rule';
      }
    })
    .join(' ');
}

const of = (text: string) => shape(parseMarkdown(text));
const inline = (text: string) => said(inlinesOf(text));

describe('blocks', () => {
  it('are headings, paragraphs, rules and quotes', () => {
    expect(of('# One\n## Two ##\nText\ngoes on\n\n---\n> said\n> more\n\nThree\n===')).toBe('h1(One) h2(Two) p(Text goes on) rule quote(p(said more)) h1(Three)');
    expect(of('#hash\n\n    four spaces')).toBe('p(#hash) p(four spaces)');
    expect(of('####### seven')).toBe('p(####### seven)');
  });

  it('are code between fences, closed or not', () => {
    expect(of('```python\nx = "<b>"\n# no heading\n```\nafter')).toBe('code[python](x = "<b>"\n# no heading) p(after)');
    expect(of('~~~\n```\n~~~')).toBe('code[](```)');
    expect(of('before\n```\nnever closed')).toBe('p(before) code[](never closed)');
  });

  it('are lists, nested, numbered and of tasks', () => {
    expect(of('- a\n- b\n  - c\n  - d\n- e')).toBe('ul(p(a); p(b) ul(p(c); p(d)); p(e))');
    expect(of('3. three\n4. four\n\ntext')).toBe('ol3(p(three); p(four)) p(text)');
    expect(of('- [x] done\n- [ ] open')).toBe('ul([x]p(done); [ ]p(open))');
    expect(of('- a\n\n  more of a\n\n- b')).toBe('ul(p(a) p(more of a); p(b))');
    expect(of('* a\n* b\n- c')).toBe('ul(p(a); p(b)) ul(p(c))');
    expect(of('text\n- list')).toBe('p(text) ul(p(list))');
  });

  it('are tables', () => {
    expect(of('| a | b |\n|---|--:|\n| 1 | `x|y` |\n| 2 | p\\|q |\n| short |')).toBe('table[left,right](a|b / 1|<code>x|y</code> / 2|p|q / short|)');
    expect(of('a | b\n:-: | ---\n1 | 2\n\nafter')).toBe('table[center,left](a|b / 1|2) p(after)');
    expect(of('a | b\nno rule')).toBe('p(a | b no rule)');
  });

  it('leave HTML the text it is', () => {
    expect(of('<script>alert(1)</script>\n\n<img src=x onerror=alert(1)>')).toBe('p(<script>alert(1)</script>) p(<img src=x onerror=alert(1)>)');
  });
});

describe('inline elements', () => {
  it('are strong, emphasis, struck and code', () => {
    expect(inline('a **b *c* d** _e_ ~~f~~ `g * h`')).toBe('a <strong>b <emphasis>c</emphasis> d</strong> <emphasis>e</emphasis> <struck>f</struck> <code>g * h</code>');
    expect(inline('snake_case_name and 2 * 3 * 4')).toBe('snake_case_name and 2 * 3 * 4');
    expect(inline('***both***')).toBe('<strong><emphasis>both</emphasis></strong>');
    expect(inline('`` a ` b ``')).toBe('<code>a ` b</code>');
    expect(inline('\\*not\\* `open **open _open')).toBe('*not* `open **open _open');
    expect(inline('one  \ntwo\nthree\\\nfour')).toBe('one<br>two three<br>four');
  });

  it('are links of the web and of mail', () => {
    expect(inline('[a *b*](https://x.org/p_(q)?r "title")')).toBe('<a https://x.org/p_(q)?r>a <emphasis>b</emphasis></a>');
    expect(inline('see https://x.org/a_b, <http://y.org> and <mailto:a@b.c>.')).toBe(
      'see <a https://x.org/a_b>https://x.org/a_b</a>, <a http://y.org>http://y.org</a> and <a mailto:a@b.c>mailto:a@b.c</a>.',
    );
  });

  it('are no links anywhere else', () => {
    for (const address of ['javascript:alert(1)', 'JaVaScRiPt:alert(1)', 'data:text/html,<script>', 'vbscript:x', '//evil.org', '/api', 'http:', 'https:///x', ' java\u0000script:x', 'file:///etc/passwd', 'blob:x', '&#106;avascript:x', 'mailto:x'])
      expect(safeAddress(address), address).toBeNull();
    expect(inline('[x](javascript:alert(1)) <javascript:alert(1)>')).toBe('[x](javascript:alert(1)) <javascript:alert(1)>');
    expect(safeAddress('java\nscript:alert(1)')).toBeNull();
  });

  it('are pictures with the address as it was written', () => {
    expect(inline('![loss over time](plots/loss.png)')).toBe('<img plots/loss.png loss over time>');
    expect(inline('![](x.png)')).toBe('<img x.png >');
    expect(inline('![open](x.png')).toBe('![open](x.png');
  });
});

describe('text that is made to take long', () => {
  it.each([
    ['emphasis', '*a '.repeat(20_000)],
    ['strong', '**a'.repeat(20_000)],
    ['brackets', '['.repeat(50_000)],
    ['links', '[a]('.repeat(20_000)],
    ['code', '` `` '.repeat(20_000)],
    ['quotes', '>'.repeat(10_000)],
    ['lists', '- '.repeat(10_000)],
    ['indented lists', Array.from({ length: 2_000 }, (_, i) => `${' '.repeat(i * 2)}- x`).join('\n')],
    ['spaces', `# ${' '.repeat(100_000)}x`],
    ['rules', `a|b\n${'-'.repeat(50_000)}x`],
    ['blank lines', `- a${'\n'.repeat(100_000)}b`],
    ['underscores', '_'.repeat(50_000)],
    ['tables', `|a|\n|-|\n${'|'.repeat(20_000)}`],
  ])('ends soon: %s', { timeout: 30_000 }, (_, text) => {
    const begun = performance.now();
    expect(parseMarkdown(text).length).toBeGreaterThan(0);
    expect(performance.now() - begun).toBeLessThan(10_000);
  });
});
