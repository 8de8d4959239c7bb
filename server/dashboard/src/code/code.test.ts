/** Diffs as git writes them, and links to repositories. */
import { describe, expect, it } from 'vitest';
import { linkTo } from './remote';
import { parseDiff, readPath } from './unifiedDiff';

describe('a diff', () => {
  it('is read into files, places and numbered lines', () => {
    const [file, ...others] = parseDiff(
      'diff --git a/train.py b/train.py\nindex 1..2 100644\n--- a/train.py\n+++ b/train.py\n@@ -1,3 +1,3 @@ def main():\n a\n--- b\n+++ c\n d\n\\ No newline at end of file\n',
    );
    expect(others).toEqual([]);
    expect(file).toMatchObject({ path: 'train.py', kind: 'changed', added: 1, removed: 1 });
    expect(file.hunks[0].within).toBe('def main():');
    expect(file.hunks[0].lines.map(({ kind, before, after, text }) => [kind, before, after, text])).toEqual([
      ['same', 1, 1, 'a'],
      ['removed', 2, null, '-- b'],
      ['added', null, 2, '++ c'],
      ['same', 3, 3, 'd'],
      ['note', null, null, 'No newline at end of file'],
    ]);
  });

  it('tells new, removed, renamed and binary files', () => {
    const files = parseDiff(
      'diff --git a/new.py b/new.py\nnew file mode 100644\n--- /dev/null\n+++ b/new.py\n@@ -0,0 +1 @@\n+x\n' +
        'diff --git a/old.py b/old.py\ndeleted file mode 100644\n--- a/old.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n' +
        'diff --git a/a b.py b/c.py\nsimilarity index 100%\nrename from a b.py\nrename to c.py\n' +
        'diff --git a/p.png b/p.png\nindex 1..2\nBinary files a/p.png and b/p.png differ\n',
    );
    expect(files.map(({ path, kind, renamedFrom }) => [path, kind, renamedFrom])).toEqual([
      ['new.py', 'added', null],
      ['old.py', 'removed', null],
      ['c.py', 'renamed', 'a b.py'],
      ['p.png', 'binary', null],
    ]);
  });

  it('reads names in quotes, and keeps what was cut', () => {
    expect(readPath('"b/gr\\303\\266\\303\\237e \\"x\\".py"')).toBe('größe "x".py');
    expect(parseDiff('diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1,9 +1,9 @@\n-x').at(0)?.hunks[0].lines).toHaveLength(1);
    expect(parseDiff('')).toEqual([]);
  });
});

it('only addresses of the web are links', () => {
  expect(linkTo('https://example.org/ada/digits.git')).toBe('https://example.org/ada/digits');
  expect(linkTo('git@example.org:ada/digits.git')).toBe('https://example.org/ada/digits');
  expect(linkTo('javascript:alert(1)')).toBeNull();
  expect(linkTo('/srv/git/digits.git')).toBeNull();
  expect(linkTo(null)).toBeNull();
});
