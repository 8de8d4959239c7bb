/** What a file may be looked at as, by its name and its bytes. The server decides by itself what it sends it as. */
import type { FileKind } from '../media/parts';

const KINDS: Readonly<Record<string, FileKind | 'text' | 'markdown'>> = {
  ...Object.fromEntries(['png', 'jpg', 'jpeg', 'gif', 'webp', 'bmp', 'avif', 'ico'].map((ending) => [ending, 'image' as const])),
  ...Object.fromEntries(['mp4', 'webm', 'mov'].map((ending) => [ending, 'video' as const])),
  ...Object.fromEntries(['wav', 'mp3', 'ogg', 'flac', 'm4a'].map((ending) => [ending, 'audio' as const])),
  ...Object.fromEntries(['html', 'htm'].map((ending) => [ending, 'html' as const])),
  ...Object.fromEntries(['md', 'markdown'].map((ending) => [ending, 'markdown' as const])),
  ...Object.fromEntries(['txt', 'log', 'py', 'yaml', 'yml', 'json', 'jsonl', 'toml', 'ini', 'cfg', 'csv', 'tsv', 'sh', 'svg', 'xml', 'js', 'ts', 'rs', 'ipynb'].map((ending) => [ending, 'text' as const])),
};

/** Kind by the ending; null: only its bytes tell. */
export function kindOfName(name: string): FileKind | 'text' | 'markdown' | null {
  const base = name.slice(name.lastIndexOf('/') + 1);
  const dot = base.lastIndexOf('.');
  const ending = dot <= 0 ? '' : base.slice(dot + 1).toLowerCase();
  return Object.hasOwn(KINDS, ending) ? KINDS[ending] : null;
}

/** The text in bytes; null where they are none. The last letter may be cut off. */
export function textIn(bytes: Uint8Array<ArrayBuffer>): string | null {
  if (bytes.includes(0)) return null;
  const text = new TextDecoder().decode(bytes);
  const whole = text.replace(/\ufffd{1,3}$/, '');
  return whole.includes('\ufffd') ? null : whole;
}
