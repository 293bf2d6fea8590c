// Names that an app can have, and the ids that are made from them.
import { expect, test } from 'vitest';
import { appId, whyNotAName } from '#dist/supervisor/model/app-id.js';

test.each(['日本語', 'é', '@@', '---', ' '])('a name that leaves no id is told what it needs: %j', (name) => {
  expect(appId(name)).toBeUndefined();
  expect(whyNotAName(name)).toBe(
    `Invalid app name: ${name}: a name needs at least one letter from a to z, digit, _ or .`,
  );
});

test('a name whose id is too long for a file name is told how long it may be', () => {
  expect(whyNotAName('a'.repeat(200))).toBeUndefined();
  expect(whyNotAName('a'.repeat(201))).toContain('a name can have at most 200 characters');
});

test('the word for every app is no name of one', () => {
  expect(whyNotAName('All')).toContain('is a reserved word');
});
