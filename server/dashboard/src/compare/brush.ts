/** Parts of axes that were brushed: which runs they keep, and how the address carries them. */
import type { Parameter } from '../parameters';
import { innerOf, numbersBetween, shareOnAxis, textOf, textsBetween, type Axis } from './axis';
import { figureOf, readQuantity, valueOf, type Findable } from './quantity';

/** A part of an axis of numbers; infinite towards an end of the axis. */
export interface NumberBrush {
  from: number;
  to: number;
}

export interface TextBrush {
  texts: readonly string[];
}

export type Brush = NumberBrush | TextBrush;
/** By the id of the quantity. */
export type Brushes = ReadonlyMap<string, Brush>;

/** Whether a run has its value in each brushed part. A run without a value is in none. */
export function keeps(brushes: Brushes, run: Findable | undefined): boolean {
  for (const [id, brush] of brushes) {
    const quantity = readQuantity(id);
    if (quantity === null) continue;
    if ('texts' in brush) {
      const value = valueOf(run, quantity);
      if (value === null || !brush.texts.includes(textOf(value))) return false;
    } else {
      const figure = figureOf(run, quantity);
      if (figure === null || figure < brush.from || figure > brush.to) return false;
    }
  }
  return true;
}

/** A part of an axis, by places from 0 to 1. */
export interface Part {
  low: number;
  high: number;
}

/** A brush of texts is drawn so far beyond the places of its texts, so that one text can be seen and grasped. */
const BEYOND_TEXTS = 0.03;

/** Where a brush lies on its axis; null where it holds none of its texts. */
export function partOf(axis: Axis, brush: Brush): Part | null {
  const { from, to } = innerOf(axis);
  if ('texts' in brush) {
    const places = brush.texts.filter((text) => axis.kind === 'texts' && axis.values.includes(text)).map((text) => shareOnAxis(axis, text));
    return places.length === 0 ? null : { low: Math.max(Math.min(...places) - BEYOND_TEXTS, 0), high: Math.min(Math.max(...places) + BEYOND_TEXTS, 1) };
  }
  if (axis.kind === 'texts') return null;
  const low = brush.from === -Infinity ? (axis.missing ? from / 2 : 0) : shareOnAxis(axis, brush.from);
  return { low, high: brush.to === Infinity ? (axis.above === null ? to : 1) : shareOnAxis(axis, brush.to) };
}

/** The brush of a part of an axis; null where nothing stands there, or all of it was taken. */
export function brushOf(axis: Axis, { low, high }: Part): Brush | null {
  if (low <= 0 && high >= 1) return null;
  if (axis.kind === 'numbers') return numbersBetween(axis, low, high);
  const texts = textsBetween(axis, low, high);
  return texts.length === 0 ? null : { texts };
}

type Written = [id: string, from: number | null, to: number | null] | [id: string, texts: string[]];

/** An end in six figures, rounded to the outside: what was in the brush stays in it. */
function written(value: number, round: (value: number) => number): number | null {
  if (!Number.isFinite(value)) return null;
  if (value === 0) return 0;
  const unit = 10 ** (5 - Math.floor(Math.log10(Math.abs(value))));
  return Number((round(Number((value * unit).toPrecision(12))) / unit).toPrecision(6));
}

/** Reads one brush; null for what is none. */
function readOne(one: unknown): [string, Brush] | null {
  if (!Array.isArray(one) || typeof one[0] !== 'string' || readQuantity(one[0]) === null) return null;
  const [id, first, second] = one as [string, unknown, unknown];
  if (Array.isArray(first)) {
    const texts = first.filter((text) => typeof text === 'string');
    return texts.length === 0 ? null : [id, { texts }];
  }
  const isEnd = (value: unknown) => value === null || (typeof value === 'number' && Number.isFinite(value));
  if (!isEnd(first) || !isEnd(second) || one.length !== 3) return null;
  const brush = { from: (first as number | null) ?? -Infinity, to: (second as number | null) ?? Infinity };
  return brush.from <= brush.to ? [id, brush] : null;
}

/** As JSON: names and texts may hold any character. Ends are given to six figures. */
export const brushParameter: Parameter<Brushes> = {
  read: (text) => {
    if (text === null) return new Map();
    try {
      const all: unknown = JSON.parse(text);
      return new Map(Array.isArray(all) ? all.map(readOne).filter((brush) => brush !== null) : []);
    } catch {
      return new Map();
    }
  },
  write: (brushes) => {
    const all = [...brushes].map(([id, brush]): Written =>
      'texts' in brush ? [id, [...brush.texts]] : [id, written(brush.from, Math.floor), written(brush.to, Math.ceil)],
    );
    return all.length === 0 ? null : JSON.stringify(all);
  },
};
