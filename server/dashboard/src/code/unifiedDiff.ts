/** Changes as git writes them, read into files, places and lines. */

export interface DiffLine {
  kind: 'same' | 'added' | 'removed' | 'note';
  /** Number in the file before; null where the line is new. */
  before: number | null;
  after: number | null;
  text: string;
}

export interface Hunk {
  /** What git says the place is in, as the name of a function. */
  within: string;
  lines: DiffLine[];
}

export interface FileDiff {
  /** Path after the change; before it where the file was removed. */
  path: string;
  /** Path before, where it was another. */
  renamedFrom: string | null;
  kind: 'changed' | 'added' | 'removed' | 'renamed' | 'binary';
  added: number;
  removed: number;
  hunks: Hunk[];
}

/** A path of git: names with unusual characters stand in quotes, with octal bytes. */
export function readPath(text: string): string {
  const bare = text.replace(/\t.*$/, '');
  if (!bare.startsWith('"') || !bare.endsWith('"')) return bare.replace(/^[ab]\//, '');
  const bytes: number[] = [];
  const encoder = new TextEncoder();
  const NAMED: Record<string, number> = { n: 10, t: 9, r: 13, b: 8, f: 12, v: 11, a: 7, '"': 34, '\\': 92 };
  for (const match of bare.slice(1, -1).matchAll(/\\([0-7]{3})|\\(.)|([^\\]+)/g)) {
    if (match[1] !== undefined) bytes.push(parseInt(match[1], 8) & 255);
    else if (match[2] !== undefined) bytes.push(NAMED[match[2]] ?? match[2].charCodeAt(0));
    else bytes.push(...encoder.encode(match[3]));
  }
  return new TextDecoder().decode(new Uint8Array(bytes)).replace(/^[ab]\//, '');
}

/** The path of `diff --git a/… b/…`, where no other line names it; both are the same unless it says otherwise. */
function headPath(rest: string): string {
  const half = rest.slice(0, (rest.length - 1) / 2);
  return readPath(half);
}

const HUNK = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)$/;

/** Reads a diff. What is no part of a file, such as a note that its end is missing, is left out. */
export function parseDiff(text: string): FileDiff[] {
  const files: FileDiff[] = [];
  let file: FileDiff | null = null;
  let hunk: Hunk | null = null;
  let [before, after] = [0, 0];
  /** Lines of the place still to come on each side: a line `--- x` in it is a removed one, no head. */
  let [beforeLeft, afterLeft] = [0, 0];
  for (const line of text.replace(/\n$/, '').split('\n')) {
    if (hunk && (beforeLeft > 0 || afterLeft > 0)) {
      const sign = line.charAt(0);
      const rest = line.slice(1);
      if (sign === '+') {
        hunk.lines.push({ kind: 'added', before: null, after: after++, text: rest });
        afterLeft -= 1;
        if (file) file.added += 1;
        continue;
      }
      if (sign === '-') {
        hunk.lines.push({ kind: 'removed', before: before++, after: null, text: rest });
        beforeLeft -= 1;
        if (file) file.removed += 1;
        continue;
      }
      if (sign === ' ' || line === '') {
        hunk.lines.push({ kind: 'same', before: before++, after: after++, text: rest });
        beforeLeft -= 1;
        afterLeft -= 1;
        continue;
      }
    }
    if (line.startsWith('\\') && hunk) {
      hunk.lines.push({ kind: 'note', before: null, after: null, text: line.slice(1).trim() });
      continue;
    }
    const place = HUNK.exec(line);
    if (place && file) {
      [before, after] = [Number(place[1]), Number(place[3])];
      [beforeLeft, afterLeft] = [Number(place[2] ?? 1), Number(place[4] ?? 1)];
      hunk = { within: place[5], lines: [] };
      file.hunks.push(hunk);
    } else if (line.startsWith('diff --git ')) {
      file = { path: headPath(line.slice('diff --git '.length)), renamedFrom: null, kind: 'changed', added: 0, removed: 0, hunks: [] };
      hunk = null;
      files.push(file);
    } else if (file && hunk === null) {
      if (line.startsWith('new file')) file.kind = 'added';
      else if (line.startsWith('deleted file')) file.kind = 'removed';
      else if (line.startsWith('rename from ')) file.renamedFrom = readPath(line.slice('rename from '.length));
      else if (line.startsWith('rename to ')) {
        file.path = readPath(line.slice('rename to '.length));
        file.kind = 'renamed';
      } else if (line.startsWith('Binary files ') || line.startsWith('GIT binary patch')) file.kind = 'binary';
      else if (line.startsWith('+++ ') && line !== '+++ /dev/null') file.path = readPath(line.slice(4));
      else if (line.startsWith('--- ') && line !== '--- /dev/null' && file.kind === 'removed') file.path = readPath(line.slice(4));
    }
  }
  return files;
}
