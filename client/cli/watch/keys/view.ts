/** What somebody looks at, and what a key makes of it. Pure: what is known of the projects comes in. */
import { printable } from '../../terminal/text.ts';
import type { Key, KeyName } from './keys.ts';
import type { WatchState } from '../state.ts';

/** A sentence in the last line, until the next key. */
export interface Said {
  readonly text: string;
  readonly isBad?: boolean;
}

/** What is to be done with a project of the registry; a training is cancelled that was seen when it was asked. */
export interface Change {
  readonly what: 'cancel' | 'retrain' | 'use';
  readonly id: string;
  readonly token?: number | undefined;
}

/** What a key asks for beside another view. */
export type Effect = Change | { readonly what: 'leave' | 'suspend' | 'redraw' };

export interface ViewState {
  readonly page: 'table' | 'project' | 'keys';
  /** The page from which the keys were asked for. */
  readonly behind: 'table' | 'project';
  /** Whether one project is watched: there is no table behind it. */
  readonly isOne: boolean;
  /** The ids of the projects that the table has, in their order; some of them are seen. */
  readonly order: readonly string[];
  /** Undefined until somebody selects one: then it is the first, whichever that is. */
  readonly selected: string | undefined;
  /** The first row that is seen, and how many there is room for. */
  readonly top: number;
  readonly height: number;
  /** Rows of the project's page that are above the screen. */
  readonly above: number;
  readonly filter: string;
  readonly isTyping: boolean;
  /** Whose training is to be cancelled, if the answer is yes. */
  readonly asks: Change | undefined;
  readonly says: Said | undefined;
}

export interface Pressed {
  readonly view: ViewState;
  readonly effect?: Effect;
}

/** Code points. A longer one would not be seen in one line. */
const MAX_FILTER = 100;

export function firstView(isOne: boolean): ViewState {
  return {
    page: isOne ? 'project' : 'table',
    behind: 'table',
    isOne,
    order: [],
    selected: undefined,
    top: 0,
    height: 1,
    above: 0,
    filter: '',
    isTyping: false,
    asks: undefined,
    says: undefined,
  };
}

/** The project that keys are about. */
export function selectedOf({ order, selected }: ViewState): string | undefined {
  return selected ?? order[0];
}

/**
 * The view of projects that have changed, or of another size: what was selected stays so wherever it is now, and in the
 * place of one that is gone comes the next that is left, or the one before.
 *
 * @param order those that the filter leaves
 * @param isThere whether the registry has a project
 */
export function settle(
  view: ViewState,
  order: readonly string[],
  height: number,
  isThere: (id: string) => boolean,
): ViewState {
  const opened = isOpen(view) ? selectedOf(view) : undefined;
  const asks = view.asks && isThere(view.asks.id) ? view.asks : undefined;
  const settled = { ...view, order, height, asks };
  // What is looked at need not be what the filter leaves.
  if (opened !== undefined && isThere(opened)) return shown({ ...settled, selected: opened });
  const selected = neighbour(view, new Set(order));
  if (opened === undefined) return shown({ ...settled, selected });
  return shown({ ...settled, selected, page: 'table', says: { text: 'the project was removed' } });
}

function isOpen({ page, behind }: ViewState): boolean {
  return page === 'project' || (page === 'keys' && behind === 'project');
}

function neighbour({ order, selected }: ViewState, left: ReadonlySet<string>): string | undefined {
  if (selected === undefined || left.has(selected)) return selected;
  const at = Math.max(0, order.indexOf(selected));
  const isLeft = (id: string): boolean => left.has(id);
  return order.slice(at).find(isLeft) ?? order.slice(0, at).findLast(isLeft);
}

/** Moves the rows that are seen as little as can be, so that the selected one is among them. */
function shown(view: ViewState): ViewState {
  const { order, selected, height } = view;
  const at = selected === undefined ? 0 : order.indexOf(selected);
  const highest = Math.max(0, order.length - height);
  const top = Math.min(Math.max(0, at - height + 1, Math.min(view.top, at)), highest);
  return top === view.top ? view : { ...view, top };
}

/** What a key does. One that means nothing where it is pressed does nothing. */
export function press(view: ViewState, key: Key, state: Pick<WatchState, 'get'>): Pressed {
  if ('name' in key && (key.name === 'interrupt' || key.name === 'suspend' || key.name === 'redraw'))
    return { view, effect: { what: key.name === 'interrupt' ? 'leave' : key.name } };
  if (view.asks) return answer(view, view.asks, key);
  if (view.page === 'keys')
    return { view: isBack(key) || isTyped(key, '?') ? { ...view, page: view.behind } : view };
  const heard = view.says ? { ...view, says: undefined } : view;
  if (view.isTyping) return { view: typeFilter(heard, key) };
  if ('pasted' in key) return { view };
  const move = moveOf(key);
  if (move)
    return { view: view.page === 'table' ? moved(heard, move) : { ...heard, above: scrolled(heard, move) } };
  return command(heard, key, state);
}

function command(
  view: ViewState,
  key: Exclude<Key, { pasted: string }>,
  state: Pick<WatchState, 'get'>,
): Pressed {
  const name = 'name' in key ? key.name : key.typed;
  switch (name) {
    case 'enter':
      return { view: view.page === 'table' ? opened(view) : view };
    case 'q':
      return view.page === 'project' && !view.isOne
        ? { view: back(view) }
        : { view, effect: { what: 'leave' } };
    case 'escape':
    case 'backspace':
      return { view: back(view) };
    case '/':
      return { view: view.page === 'table' ? { ...view, isTyping: true } : view };
    case '?':
      return { view: { ...view, page: 'keys', behind: view.page === 'project' ? 'project' : 'table' } };
    case 'c':
    case 'r':
    case 'u':
      return change(view, name, state);
    default:
      return { view };
  }
}

function opened(view: ViewState): ViewState {
  const selected = selectedOf(view);
  return selected === undefined ? view : { ...view, page: 'project', selected, above: 0 };
}

/** From a project to the table, and from what a filter leaves of that to all. */
function back(view: ViewState): ViewState {
  if (view.page === 'project') return view.isOne ? view : { ...view, page: 'table' };
  return view.filter === '' ? view : { ...view, filter: '' };
}

function change(view: ViewState, key: 'c' | 'r' | 'u', state: Pick<WatchState, 'get'>): Pressed {
  const id = selectedOf(view);
  const project = id === undefined ? undefined : state.get(id);
  if (id === undefined || !project) return { view };
  const picked = { ...view, selected: id };
  if (key === 'u') return { view: picked, effect: { what: 'use', id } };
  const isTraining = project.training_status === 'training';
  const says = (text: string): Pressed => ({ view: { ...picked, says: { text } } });
  if (key === 'c') {
    if (!isTraining) return says(`nobody trains ${printable(project.name)}`);
    return { view: { ...picked, asks: { what: 'cancel', id, token: project.training?.token } } };
  }
  // Another request would put it behind those that came after the first.
  if (project.retrain_requested && !isTraining)
    return says(`${printable(project.name)} waits for training already`);
  return { view: picked, effect: { what: 'retrain', id } };
}

function answer(view: ViewState, asked: Change, key: Key): Pressed {
  const answered = { ...view, asks: undefined };
  if (isTyped(key, 'y') || isTyped(key, 'Y')) return { view: answered, effect: asked };
  const isNo =
    isTyped(key, 'n') || isTyped(key, 'N') || isBack(key) || ('name' in key && key.name === 'enter');
  return { view: isNo ? { ...answered, says: { text: 'nothing was cancelled' } } : view };
}

function typeFilter(view: ViewState, key: Key): ViewState {
  const { filter } = view;
  if ('name' in key) {
    switch (key.name) {
      case 'enter':
        return { ...view, isTyping: false };
      case 'escape':
        return { ...view, isTyping: false, filter: '' };
      case 'clear':
        return { ...view, filter: '' };
      case 'backspace':
        return filter === ''
          ? { ...view, isTyping: false }
          : { ...view, filter: Array.from(filter).slice(0, -1).join('') };
      default:
        return MOVES[key.name] ? moved(view, MOVES[key.name] ?? 'up') : view;
    }
  }
  if (Array.from(filter).length >= MAX_FILTER) return view;
  return { ...view, filter: filter + ('typed' in key ? key.typed : key.pasted) };
}

type Move = 'up' | 'down' | 'pageup' | 'pagedown' | 'home' | 'end';
const MOVES: Readonly<Partial<Record<KeyName, Move>>> = {
  up: 'up',
  down: 'down',
  pageup: 'pageup',
  pagedown: 'pagedown',
  home: 'home',
  end: 'end',
};
const LETTERS: Readonly<Record<string, Move>> = { k: 'up', j: 'down', g: 'home', G: 'end' };

function moveOf(key: Exclude<Key, { pasted: string }>): Move | undefined {
  if ('name' in key) return MOVES[key.name];
  return Object.hasOwn(LETTERS, key.typed) ? LETTERS[key.typed] : undefined;
}

function steps(move: Move, page: number): number {
  const by = { up: -1, down: 1, pageup: -page, pagedown: page, home: -Infinity, end: Infinity };
  return by[move];
}

function moved(view: ViewState, move: Move): ViewState {
  const { order, selected, height } = view;
  if (order.length === 0) return view;
  const from = selected === undefined ? 0 : order.indexOf(selected);
  const to = Math.min(Math.max(0, from + steps(move, height)), order.length - 1);
  return shown({ ...view, selected: order[to] });
}

/** How far down may be known only when it is laid out. */
function scrolled({ above, height }: ViewState, move: Move): number {
  return Math.max(0, move === 'end' ? Number.MAX_SAFE_INTEGER : above + steps(move, height));
}

function isTyped(key: Key, text: string): boolean {
  return 'typed' in key && key.typed === text;
}

function isBack(key: Key): boolean {
  return isTyped(key, 'q') || ('name' in key && (key.name === 'escape' || key.name === 'backspace'));
}
