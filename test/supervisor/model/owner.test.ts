// Who owns what an app makes: the user that it runs as, with that user's group.
import { expect, test } from 'vitest';
import { ownerOf } from '#dist/supervisor/model/owner.js';

test('an app of another user has that user’s group, unless its configuration names one', () => {
  expect(ownerOf({ uid: 5, gid: null }, { gid: 60 })).toEqual({ uid: 5, gid: 60 });
  expect(ownerOf({ uid: 5, gid: 7 }, { gid: 60 })).toEqual({ uid: 5, gid: 7 });
  expect(ownerOf({ uid: 5, gid: null }, undefined)).toEqual({ uid: 5, gid: 5 });
  expect(ownerOf({ uid: null, gid: 7 }, undefined)).toBeUndefined();
});
