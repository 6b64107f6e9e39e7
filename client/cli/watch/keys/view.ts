/** What somebody looks at, among projects that change meanwhile. Pure. */

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
  /** The first row of the table that is seen, and how many there is room for. */
  readonly top: number;
  readonly tableRows: number;
  /** Lines of another page than the table that are above the screen, and how many of them it shows. */
  readonly above: number;
  readonly pageRows: number;
  readonly filter: string;
  readonly isTyping: boolean;
  /** Whose training is to be cancelled, if the answer is yes. */
  readonly asks: Change | undefined;
  readonly says: Said | undefined;
}

export function firstView(isOne: boolean): ViewState {
  return {
    page: isOne ? 'project' : 'table',
    behind: 'table',
    isOne,
    order: [],
    selected: undefined,
    top: 0,
    tableRows: 1,
    above: 0,
    pageRows: 1,
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
 * place of one that is gone comes the next that is left, or the one before; but who watches one watches no other.
 *
 * @param order those that the filter leaves
 * @param isThere whether the registry has a project
 */
export function settle(
  view: ViewState,
  order: readonly string[],
  tableRows: number,
  isThere: (id: string) => boolean,
): ViewState {
  const opened = isOpen(view) ? (selectedOf(view) ?? (view.isOne ? order[0] : undefined)) : undefined;
  const isAsked = !view.asks || isThere(view.asks.id);
  const says = isAsked ? view.says : { text: 'the project was removed, with nothing left to cancel' };
  const settled = { ...view, order, tableRows, says, asks: isAsked ? view.asks : undefined };
  // What is looked at need not be what the filter leaves.
  if (opened !== undefined && (view.isOne || isThere(opened)))
    return inSight({ ...settled, selected: opened });
  const selected = neighbour(view, new Set(order));
  if (opened === undefined) return inSight({ ...settled, selected });
  return inSight({ ...settled, selected, page: 'table', says: { text: 'the project was removed' } });
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
export function inSight(view: ViewState): ViewState {
  const { order, selected, tableRows } = view;
  const at = selected === undefined ? 0 : order.indexOf(selected);
  const highest = Math.max(0, order.length - tableRows);
  const top = Math.min(Math.max(0, at - tableRows + 1, Math.min(view.top, at)), highest);
  return top === view.top ? view : { ...view, top };
}
