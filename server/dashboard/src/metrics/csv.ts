/** Lines of CSV files. */

const quoted = (text: string) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** One line of a CSV file. Texts that a spreadsheet would take for formulas are marked as texts. */
export function csvLine(cells: readonly (string | number)[]): string {
  return `${cells.map((cell) => (typeof cell === 'number' ? String(cell) : quoted(/^[=+\-@\t]/.test(cell) ? `'${cell}` : cell))).join(',')}\r\n`;
}
