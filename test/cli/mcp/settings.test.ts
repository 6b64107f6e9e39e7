/** A file of another program's settings is replaced as a whole, or left as it is. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { changeSettings } from '../../../client/cli/mcp/settings.ts';
import { temporaryDirectory } from '../../support/home.ts';

const NOW = Date.UTC(2026, 0, 5, 9, 30);
const BACKUP = 'settings.json.20260105T093000.000Z.bak';

let place: string;
let file: string;
beforeEach(async () => {
  place = await temporaryDirectory();
  file = join(place, 'settings.json');
});

const append = (text: string): string => `${text}+`;
const change = (edit = append) => changeSettings(file, edit, NOW);

test('it has the new text, its mode, and what it was beside it', async () => {
  await writeFile(file, '\uFEFFa\r\n');
  await chmod(file, 0o640);
  expect(await change()).toEqual({ changed: true, backup: join(place, BACKUP) });
  expect(await readFile(file, 'utf8')).toBe('\uFEFFa\r\n+');
  expect(await readFile(join(place, BACKUP), 'utf8')).toBe('\uFEFFa\r\n');
  for (const name of ['settings.json', BACKUP])
    expect((await stat(join(place, name))).mode & 0o777, name).toBe(0o640);
  expect((await readdir(place)).toSorted()).toEqual(['settings.json', BACKUP]);
});

test('one that is not there is made, for nobody else to read, and one that needs no change is not touched', async () => {
  file = join(place, 'new', 'settings.json');
  expect(await change()).toEqual({ changed: true, backup: null });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const { ino } = await stat(file);
  expect(await change((text) => text)).toEqual({ changed: false, backup: null });
  expect((await stat(file)).ino).toBe(ino);
  expect(await readdir(join(place, 'new'))).toEqual(['settings.json']);
});

test('a link stays, and what it leads to has the backup', async () => {
  const target = join(place, 'dotfiles');
  await mkdir(target);
  await writeFile(join(target, 'zed.json'), 'a');
  await symlink('dotfiles/zed.json', file);
  expect(await change()).toMatchObject({ changed: true });
  expect(await readlink(file)).toBe('dotfiles/zed.json');
  expect(await readFile(file, 'utf8')).toBe('a+');
  expect(await readdir(target)).toHaveLength(2);
});

test.each<[why: RegExp, make: () => Promise<unknown>]>([
  [/it is a link that leads nowhere/, () => symlink('nowhere', file)],
  [
    /its directory is a link that leads nowhere/,
    async () => {
      await symlink('nowhere', file);
      file = join(file, 'mcp.json');
    },
  ],
  [/the links go round in a circle/, () => symlink('settings.json', file)],
  [/it is no plain file/, () => mkdir(file)],
  [/it is no plain file/, async () => execFileSync('mkfifo', [file])],
  [/it is no UTF-8/, () => writeFile(file, Buffer.from([0x7b, 0xff]))],
])('%s is why it is left alone', async (why, make) => {
  await make();
  await expect(change()).rejects.toThrow(why);
  expect(await readdir(place)).toEqual(['settings.json']);
});

test('so is one that a program has saved meanwhile', async () => {
  await writeFile(file, 'a');
  const edit = (text: string): string => {
    writeFileSync(file, 'b');
    return append(text);
  };
  await expect(change(edit)).rejects.toThrow(/has changed meanwhile/);
  expect(await readFile(file, 'utf8')).toBe('b');
  expect(await readdir(place)).toEqual(['settings.json']);
});

test('and one that has appeared meanwhile', async () => {
  const edit = (): string => {
    writeFileSync(file, 'b');
    return 'a';
  };
  await expect(change(edit)).rejects.toThrow(/has changed meanwhile/);
  expect(await readFile(file, 'utf8')).toBe('b');
  expect(await readdir(place)).toEqual(['settings.json']);
});
