/** The table of differences as text to paste elsewhere: Markdown to be read, CSV to be counted with. */
import { csvLine } from '../metrics/csv';
import type { Section } from './differences';

/** Names and values are texts, whatever signs of Markdown or HTML they hold; a cell is one line. */
const escaped = (text: string) => text.replaceAll(/[\\`*_[\]<>|~]/g, String.raw`\$&`).replaceAll(/\s*\n\s*/g, ' ');

export function asMarkdown(names: readonly string[], sections: readonly Section[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const lines = [line(['', ...names.map(escaped)]), line(['---', ...names.map(() => '---:')])];
  sections.forEach(({ title, note, rows }, i) => {
    if (i > 0 && (rows.length > 0 || note !== '')) lines.push(line([`**${escaped(title)}**${note === '' ? '' : ` (${note})`}`, ...names.map(() => '')]));
    for (const { name, cells } of rows) {
      const text = (cell: (typeof cells)[number]) => escaped(cell.text) + (cell.critical === null ? '' : `, ${cell.critical}`);
      lines.push(line([escaped(name), ...cells.map((cell) => (cell.best ? `**${text(cell)}**` : text(cell)))]));
    }
  });
  return `${lines.join('\n')}\n`;
}

export function asCsv(names: readonly string[], sections: readonly Section[]): string {
  const lines = [csvLine(['section', 'name', ...names])];
  for (const { title, rows } of sections) for (const { name, cells } of rows) lines.push(csvLine([title, name, ...cells.map(({ value }) => value ?? '')]));
  return lines.join('');
}
