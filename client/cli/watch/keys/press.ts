/** What a key makes of what somebody looks at. Pure: what is known of the projects comes in. */
import { printable } from '../../terminal/text.ts';
import type { WatchState } from '../state.ts';
import type { Key, KeyName } from './keys.ts';
import { type Change, inSight, selectedOf, type ViewState } from './view.ts';

/** What a key asks for beside another view. */
export type Effect = Change | { readonly what: 'leave' | 'suspend' | 'redraw' };

export interface Pressed {
  readonly view: ViewState;
  readonly effect?: Effect;
}

/** Code points. A longer one would not be seen in one line. */
const MAX_FILTER = 100;

/** What a key does. One that means nothing where it is pressed does nothing. */
export function press(view: ViewState, key: Key, state: Pick<WatchState, 'get'>): Pressed {
  if ('name' in key && (key.name === 'interrupt' || key.name === 'suspend' || key.name === 'redraw'))
    return { view, effect: { what: key.name === 'interrupt' ? 'leave' : key.name } };
  if (view.asks) return answer(view, view.asks, key);
  const heard = view.says ? { ...view, says: undefined } : view;
  if (view.isTyping) return { view: typeFilter(heard, key) };
  if ('pasted' in key) return { view };
  const move = moveOf(key);
  if (move) return { view: view.page === 'table' ? moved(heard, move) : scrolled(heard, move) };
  if (view.page !== 'keys') return command(heard, key, state);
  return { view: isBack(key) || isTyped(key, '?') ? { ...view, page: view.behind, above: 0 } : view };
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
      return {
        view: { ...view, page: 'keys', behind: view.page === 'project' ? 'project' : 'table', above: 0 },
      };
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
  const { order, selected, tableRows } = view;
  if (order.length === 0) return view;
  const from = selected === undefined ? 0 : order.indexOf(selected);
  const to = Math.min(Math.max(0, from + steps(move, tableRows)), order.length - 1);
  return inSight({ ...view, selected: order[to] });
}

/** How far down that is at most is known when it is laid out. */
function scrolled(view: ViewState, move: Move): ViewState {
  const { above, pageRows } = view;
  return {
    ...view,
    above: Math.max(0, move === 'end' ? Number.MAX_SAFE_INTEGER : above + steps(move, pageRows)),
  };
}

function isTyped(key: Key, text: string): boolean {
  return 'typed' in key && key.typed === text;
}

function isBack(key: Key): boolean {
  return isTyped(key, 'q') || ('name' in key && (key.name === 'escape' || key.name === 'backspace'));
}
