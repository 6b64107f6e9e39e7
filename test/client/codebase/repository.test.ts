import { expect, test } from 'vitest';
import { isSameRepository, remotePlace } from '../../../client/codebase/repository.ts';

test.each([
  ['https://github.com/ada/payments.git', 'github.com/ada/payments'],
  ['https://ada:secret@GitHub.com:443/ada/Payments.git/', 'github.com/ada/Payments'],
  ['ssh://git@github.com:22/ada/payments', 'github.com/ada/payments'],
  ['git@github.com:ada/payments.git', 'github.com/ada/payments'],
  ['github.com:ada/payments', 'github.com/ada/payments'],
  ['git+ssh://git@host/~ada/x.git', 'host/~ada/x'],
  ['git://[::1]:9418/x.git', '[::1]/x'],
  ['https://host/x.git?token=secret#y', 'host/x'],
  ['/srv/git/payments.git', null],
  ['../payments', null],
  ['./a:b', null],
  ['file:///srv/git/payments.git', null],
  ['https://host/', null],
  ['https://host/.git', null],
  ['https://user:p@ss@example.com/o/r.git', 'example.com/o/r'],
  ['codecommit::eu-west-1://profile@repo', null],
  ['ext::sh -c secret', null],
  ['C:/x/y', null],
  ['', null],
  [`https://host/${'x'.repeat(2000)}`, null],
])('the remote %j is at %j', (url, place) => {
  expect(remotePlace(url)).toBe(place);
});

const A = '1'.repeat(40);
const B = '2'.repeat(40);

test.each([
  [true, { root_commit: A, remote: 'h/x' }, { root_commit: A, remote: 'h/x' }],
  [true, { root_commit: A, remote: null }, { root_commit: A, remote: 'h/x' }],
  [true, { root_commit: null, remote: 'h/x' }, { root_commit: A, remote: 'h/x' }],
  [false, { root_commit: A, remote: 'h/fork' }, { root_commit: A, remote: 'h/x' }],
  [false, { root_commit: A, remote: 'h/x' }, { root_commit: B, remote: 'h/x' }],
  [false, { root_commit: null, remote: null }, { root_commit: null, remote: null }],
  [false, null, { root_commit: A, remote: null }],
])('it is %s that two are one repository', (same, a, b) => {
  expect(isSameRepository(a, b)).toBe(same);
  expect(isSameRepository(b, a)).toBe(same);
});
