// Where a process id means something: one boot, one machine, one container.
import { describe, expect, test } from 'vitest';
import { here, isElsewhere, isHere, type Place } from '#dist/supervisor/system/place.js';

const us: Place = { ...here(), bootId: here().bootId ?? 'boot' };

describe.skipIf(process.platform !== 'linux')('a place', () => {
  test.each<[string, Partial<Place>, boolean, boolean]>([
    ['is this one', {}, true, false],
    ['is this one whatever its name is, which may change', { host: 'renamed' }, true, false],
    [
      'is this one in a record that has only the boot',
      { machine: undefined, pidNamespace: undefined },
      true,
      false,
    ],
    ['of an earlier boot has no processes any more', { bootId: 'b' }, false, false],
    ['without a boot is not this one', { bootId: null }, false, false],
    ['in another container is elsewhere', { pidNamespace: 'pid:[1]' }, false, true],
    ['on another machine is elsewhere', { bootId: 'b', machine: 'm' }, false, true],
    [
      'on another machine with the same boot, as a copy of a machine has, is elsewhere',
      { machine: 'm' },
      false,
      true,
    ],
    [
      'of another name is elsewhere, if no machine is known',
      { bootId: 'b', machine: null, host: 'h' },
      false,
      true,
    ],
    ['of our name is an earlier boot, if no machine is known', { bootId: 'b', machine: null }, false, false],
  ])('%s', (_what, other, isOurs, mayRunThere) => {
    const place = { ...us, ...other };
    expect([isHere(place), isElsewhere(place)]).toEqual([isOurs, mayRunThere]);
  });

  test('does not show the id of the machine', () => {
    expect(here().machine ?? '').toMatch(/^([\da-f]{16})?$/);
  });
});
