/** gardenerd(1): the daemon. */
import { DESCRIPTION, OPTIONS } from '../../src/help.ts';
import { bold, page, paragraphs, terms, typed } from './roff.ts';
import { surroundings } from './shared.ts';

const SIGNALS: Readonly<Record<string, string>> = {
  'SIGTERM, SIGINT': 'answers what was received, writes it, and ends; a second one ends it at once',
  SIGHUP: 'nothing: it serves others than the terminal that closes',
};

const EXIT_CODES: Readonly<Record<string, string>> = {
  0: 'ended as it was asked to, or another daemon is running',
  1: 'cannot start, or was forced to end',
  2: 'wrong usage',
};

export function gardenerdPage(version: string, date: string): string {
  return page('gardenerd', 'the daemon that owns the project registry', version, date, {
    SYNOPSIS: [typed('gardenerd [options]')],
    DESCRIPTION: paragraphs(DESCRIPTION),
    OPTIONS: terms(Object.entries(OPTIONS).map(([flag, does]) => [typed(flag), does])),
    SIGNALS: terms(Object.entries(SIGNALS).map(([name, does]) => [bold(name), does])),
    'EXIT STATUS': terms(Object.entries(EXIT_CODES).map(([code, means]) => [bold(code), means])),
    ...surroundings({}),
    'SEE ALSO': [`${bold('gardener')}(1)`],
  });
}
