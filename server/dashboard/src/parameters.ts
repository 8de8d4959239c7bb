/** How a page keeps its own part of the view in the address: a record that says for each parameter how it is read and written. */
import { readList, readNumber, SHARED_PARAMETERS, writeList, type OwnParameters } from './address';

export interface Parameter<T> {
  /** What makes no sense counts as absent, which is null. */
  read: (text: string | null) => T;
  /** Null: it is default, and is left out. */
  write: (value: T) => string | null;
}

export const textParameter = (initial = ''): Parameter<string> => ({
  read: (text) => text ?? initial,
  write: (value) => (value === initial ? null : value),
});

export const numberParameter = <T extends number | null>(initial: T): Parameter<number | T> => ({
  read: (text) => readNumber(text) ?? initial,
  write: (value) => (value === null || value === initial ? null : String(value)),
});

/** True where it is named. */
export const flagParameter: Parameter<boolean> = {
  read: (text) => text === '1' || text === 'true',
  write: (value) => (value ? '1' : null),
};

/** One of these words; the first is the default. */
export const wordParameter = <const Word extends string>(words: readonly [Word, ...Word[]]): Parameter<Word> => ({
  read: (text) => words.find((word) => word === text) ?? words[0],
  write: (value) => (value === words[0] ? null : value),
});

/** Items may hold any character. */
export const listParameter: Parameter<readonly string[]> = { read: readList, write: writeList };

export interface PageParameters<Values> {
  /** Of `workspace.view.own`. */
  read: (own: OwnParameters) => Values;
  /** For `workspace.changeOwn`; what is not named stays. */
  write: (part: Partial<Values>) => Record<string, string | null>;
}

/** The record of a page, by the names that its parameters have in the address. */
export function pageParameters<Values extends object>(shape: { [Name in keyof Values]: Parameter<Values[Name]> }): PageParameters<Values> {
  const names = Object.keys(shape) as (keyof Values & string)[];
  const taken = names.find((name) => SHARED_PARAMETERS.has(name));
  if (taken !== undefined) throw new Error(`the parameter \`${taken}\` is one that all pages share; name it otherwise`);
  return {
    read: (own) => Object.fromEntries(names.map((name) => [name, shape[name].read(own[name] ?? null)])) as Values,
    write: (part) => {
      const named = names.filter((name) => part[name] !== undefined);
      return Object.fromEntries(named.map((name) => [name, shape[name].write(part[name] as Values[typeof name])]));
    },
  };
}
