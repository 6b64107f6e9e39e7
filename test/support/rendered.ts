/** What somebody sees of a text that was written to a terminal. */
import xterm from '@xterm/headless';

/** The lines of the screen, without the blanks at their ends; a line too wide for it goes on in the next one. */
export async function rendered(text: string, columns: number): Promise<string[]> {
  const screen = new xterm.Terminal({ cols: columns, rows: 200, allowProposedApi: true });
  await new Promise<void>((resolve) => screen.write(text.replaceAll('\n', '\r\n'), resolve));
  const { active } = screen.buffer;
  const lines = Array.from({ length: active.cursorY }, (_, y) => active.getLine(y)?.translateToString(true));
  screen.dispose();
  return lines.map((line) => line?.trimEnd() ?? '');
}
