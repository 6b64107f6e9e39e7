import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Project } from '../../../../client/index.ts';
import { type Effect, press } from '../../../../client/cli/watch/keys/press.ts';
import { firstView, selectedOf, type ViewState } from '../../../../client/cli/watch/keys/view.ts';
import { arranged } from '../../../../client/cli/watch/pages/picture.ts';
import type { WatchState } from '../../../../client/cli/watch/state.ts';
import { project, stateOf, training } from '../state.ts';

/** Someone who watches, and sees at most this many projects. */
function watcher(state: WatchState, { isOne = false, seen = 3 } = {}) {
  const rows = seen + 3;
  const arrange = (view: ViewState): ViewState =>
    arranged(state, view, { columns: 80, rows }, (path) => path).view;
  let view = arrange(firstView(isOne));
  let effects: Effect[] = [];
  return {
    get view() {
      return view;
    },
    /** Presses keys by their names, or characters, between blanks; `<a>` is pasted. Gives what they ask for. */
    press(keys: string): readonly Effect[] {
      effects = [];
      for (const key of keys.split(' ')) {
        const pasted = /^<(.*)>$/.exec(key)?.[1];
        const one = pasted !== undefined ? { pasted } : key.length > 1 ? { name: key } : { typed: key };
        const done = press(view, one as Parameters<typeof press>[1], state);
        view = arrange(done.view);
        if (done.effect) effects.push(done.effect);
      }
      return effects;
    },
    /** The registry has changed. */
    change(...projects: readonly Project[]) {
      for (const one of projects)
        state.apply({ ...ABOUT, type: 'registered', project_id: one.project_id, project: one });
      view = arrange(view);
    },
    remove(...names: readonly string[]) {
      for (const name of names)
        state.apply({ ...ABOUT, type: 'removed', project_id: `id of ${name}`, previous: project(name) });
      view = arrange(view);
    },
    selected: () => selectedOf(view)?.replace('id of ', ''),
  };
}

const ABOUT = { origin: 'rpc', at: '2026-01-05T12:00:00.000Z', cursor: 'e:2' } as const;
const NAMES = ['a', 'b', 'c', 'd', 'e'];
/** Five projects, of which three are seen. */
const five = () => watcher(stateOf(...NAMES.map((name) => project(name))));

describe('a key in the table', () => {
  test.each([
    ['down', 'b', 0],
    ['j j', 'c', 0],
    ['down down down', 'd', 1],
    ['up', 'a', 0],
    ['down down down down down down', 'e', 2],
    ['G', 'e', 2],
    ['end', 'e', 2],
    ['G up', 'd', 2],
    ['G k k k', 'b', 1],
    ['G home', 'a', 0],
    ['G g', 'a', 0],
    ['pagedown', 'd', 1],
    ['pagedown pagedown', 'e', 2],
    ['G pageup', 'b', 1],
    ['j x Q <q> <j> clear', 'b', 0],
  ])('%s selects %s, and scrolls to row %i', (keys, selected, top) => {
    const one = five();
    expect(one.press(keys)).toEqual([]);
    expect([one.selected(), one.view.top, one.view.page]).toEqual([selected, top, 'table']);
  });

  test.each([
    ['q', [{ what: 'leave' }]],
    ['interrupt', [{ what: 'leave' }]],
    ['suspend', [{ what: 'suspend' }]],
    ['redraw', [{ what: 'redraw' }]],
    ['j r', [{ what: 'retrain', id: 'id of b' }]],
    ['u', [{ what: 'use', id: 'id of a' }]],
    ['enter u escape q', [{ what: 'use', id: 'id of a' }, { what: 'leave' }]],
    ['enter q q', [{ what: 'leave' }]],
    ['enter backspace q', [{ what: 'leave' }]],
    ['? q q', [{ what: 'leave' }]],
    ['? c r u interrupt', [{ what: 'leave' }]],
    ['enter enter / q q', [{ what: 'leave' }]],
  ])('%s asks for %j', (keys, effects) => {
    expect(five().press(keys)).toEqual(effects);
  });

  test('of an empty registry does nothing but leave', () => {
    const none = watcher(stateOf());
    expect(none.press('j k enter c r u pagedown G / x enter escape q')).toEqual([{ what: 'leave' }]);
    expect(none.view.page).toBe('table');
  });

  test('leads to the help and back to where it was asked for', () => {
    const one = five();
    one.press('j enter ?');
    expect(one.view.page).toBe('keys');
    one.press('?');
    expect([one.view.page, one.selected()]).toEqual(['project', 'b']);
  });
});

describe('cancelling', () => {
  const held = () => watcher(stateOf(training('a', { token: 7 }), project('b')));
  const cancel = { what: 'cancel', id: 'id of a', token: 7 };

  test.each([
    ['c y', [cancel]],
    ['c Y', [cancel]],
    ['enter c y', [cancel]],
    ['c n y', []],
    ['c escape y', []],
    ['c enter y', []],
    ['c q', []],
    ['c x <y> down r u y', [cancel]],
    ['c interrupt', [{ what: 'leave' }]],
  ])('%s', (keys, effects) => {
    expect(held().press(keys)).toEqual(effects);
  });

  test('is not asked of what nobody trains', () => {
    const one = held();
    expect(one.press('j c y')).toEqual([]);
    one.press('c');
    expect(one.view).toMatchObject({ asks: undefined, says: { text: 'nobody trains b' } });
    one.press('k');
    expect(one.view.says).toBeUndefined();
  });

  test('is asked no more of a project that is gone', () => {
    const one = held();
    one.press('c');
    one.remove('a');
    expect(one.view).toMatchObject({
      asks: undefined,
      says: { text: expect.stringContaining('was removed') },
    });
    expect(one.press('y')).toEqual([]);
  });
});

test('a project that waits already is not asked for once more: it would wait behind those that came later', () => {
  const waiting = project('a', { retrain_requested: { at: ABOUT.at, reason: null } });
  const one = watcher(stateOf(waiting));
  expect(one.press('r')).toEqual([]);
  expect(one.view.says).toEqual({ text: 'a waits for training already' });
});

describe('what is selected', () => {
  test('stays so when the order changes, and is seen', () => {
    const one = five();
    one.press('j');
    one.change(training('e', {}), training('d', {}), training('c', {}));
    expect(one.view.order.map((id) => id.slice(-1)).join('')).toBe('cdeab');
    expect([one.selected(), one.view.top]).toEqual(['b', 2]);
  });

  test('is the first, whichever that is, until somebody selects one: who only looks sees what goes on', () => {
    const one = five();
    one.change(training('e', {}));
    expect([one.selected(), one.view.top]).toEqual(['e', 0]);
    one.press('home');
    one.change(training('d', { started_at: '2026-01-01T00:00:00.000Z' }));
    expect(one.selected()).toBe('e');
  });

  test('is the neighbour of one that was removed', () => {
    const one = five();
    one.press('j j');
    one.remove('c', 'd');
    expect(one.selected()).toBe('e');
    one.remove('e');
    expect(one.selected()).toBe('b');
    one.remove('a', 'b');
    expect(one.selected()).toBeUndefined();
  });

  test('and opened is left when it was removed', () => {
    const one = five();
    one.press('j enter');
    one.remove('a');
    expect([one.view.page, one.selected()]).toEqual(['project', 'b']);
    one.press('?');
    one.remove('b');
    expect(one.view).toMatchObject({ page: 'table', says: { text: 'the project was removed' } });
    expect(one.selected()).toBe('c');
  });
});

describe('a filter', () => {
  const mixed = () =>
    watcher(
      stateOf(
        training('api', { token: 1 }),
        project('web', { tags: ['work', 'GPU'], training_status: 'failed' }),
        project('Café', { source_path: '/src/shop' }),
      ),
    );
  const names = ({ view }: { view: ViewState }) =>
    view.order.map((id) => id.slice('id of '.length)).join(' ');

  test.each([
    ['/ a p i', 'api'],
    ['/ A P I', 'api'],
    ['/ g p u', 'web'],
    ['/ f a i l', 'web'],
    ['/ t r a i n', 'api'],
    ['/ n o t', 'Café'],
    ['/ s h o p', 'Café'],
    ['/ <c> <a> <f> <e> <\u0301>', 'Café'],
    ['/ g p u <\u00a0> z', ''],
    ['/ g p u <\u00a0> w e', 'web'],
    ['/ z', ''],
    ['/ z backspace', 'api Café web'],
    ['/ z backspace backspace q', 'api Café web'],
    ['/ g p u clear', 'api Café web'],
    ['/ g p u escape', 'api Café web'],
    ['/ g p u enter', 'web'],
    ['/ g p u enter escape', 'api Café web'],
    ['/ g p enter / u', 'web'],
  ])('typed as %s leaves: %s', (keys, left) => {
    const one = mixed();
    one.press(keys);
    expect(names(one)).toBe(left);
  });

  test('takes letters that are keys elsewhere, arrows, and Enter before keys act again', () => {
    const one = mixed();
    expect(one.press('/ c r u q ? j clear down')).toEqual([]);
    expect(one.selected()).toBe('Café');
    expect(one.press('/ clear s h o p enter down u')).toEqual([{ what: 'use', id: 'id of Café' }]);
  });

  test('goes on with what it leaves, and not with what it left before', () => {
    const one = mixed();
    one.press('down / a p i enter');
    expect(one.selected()).toBe('api');
  });

  test('does not close what is looked at', () => {
    const one = mixed();
    one.press('/ t r a i n enter enter');
    one.change(project('api', { training_status: 'completed' }));
    expect([one.view.page, one.selected(), names(one)]).toEqual(['project', 'api', '']);
    one.press('escape escape');
    expect(one.view).toMatchObject({ page: 'table', filter: '' });
  });

  test('is no longer than a line', () => {
    const one = mixed();
    one.press(`/ ${Array.from({ length: 300 }, () => '<日>').join(' ')}`);
    expect(one.view.filter).toHaveLength(100);
  });
});

describe('one project that is watched', () => {
  test('has no table behind it', () => {
    const one = watcher(stateOf(project('a')), { isOne: true });
    expect(one.press('escape backspace / r')).toEqual([{ what: 'retrain', id: 'id of a' }]);
    expect(one.view.page).toBe('project');
    expect(one.press('? escape q')).toEqual([{ what: 'leave' }]);
    // Whichever else is told of because it is the active one now, or has that name.
    one.change(project('b', { last_updated: '2026-01-06T00:00:00.000Z' }));
    one.remove('a');
    expect([one.view.page, one.selected()]).toEqual(['project', 'a']);
    expect(one.press('c r u escape enter q')).toEqual([{ what: 'leave' }]);
  });
});

test('whatever is pressed and whatever happens, a project is selected that is there, and is seen', () => {
  const keys = fc.constantFrom(
    ...'j k g G q / ? c r u y n a b up down pageup pagedown home end enter escape backspace clear <a>'.split(
      ' ',
    ),
  );
  const event = fc.record({
    remove: fc.boolean(),
    name: fc.constantFrom(...NAMES),
    at: fc.integer({ min: 0, max: 9 }),
  });
  fc.assert(
    fc.property(
      fc.array(fc.oneof(keys, event), { maxLength: 40 }),
      fc.integer({ min: 1, max: 6 }),
      (all, seen) => {
        const state = stateOf(...NAMES.map((name) => project(name)));
        const one = watcher(state, { seen });
        for (const each of all) {
          if (typeof each === 'string') one.press(each);
          else if (each.remove) one.remove(each.name);
          else one.change(project(each.name, { last_updated: `2026-01-0${each.at + 1}T00:00:00.000Z` }));
          const { order, top, tableRows, page } = one.view;
          const id = selectedOf(one.view);
          if (page === 'project') expect(state.get(id ?? '')).toBeDefined();
          else if (page === 'table' && order.length > 0) {
            expect(order.indexOf(id ?? '') - top).toBeGreaterThanOrEqual(0);
            expect(order.indexOf(id ?? '') - top).toBeLessThan(tableRows);
          }
        }
      },
    ),
  );
});
