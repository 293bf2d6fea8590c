// The environment of an app as a pure function, on systems whose variables have no case.
import { expect, test } from 'vitest';
import { appEnvironment } from '#dist/supervisor/host/start/environment.js';

const made = (base: Record<string, string>, env: Record<string, string>, namesHaveCase: boolean) =>
  appEnvironment({
    config: { env },
    base,
    user: undefined,
    cwd: 'C:\\',
    socket: 's',
    mark: 'm',
    namesHaveCase,
  });

test('without case the last value of a name counts, under the name that it has there', () => {
  const env = made({ PATH: 'caller', Other: '1' }, { Path: 'app', OTHER: '2' }, false);
  expect(env).toMatchObject({ Path: 'app', OTHER: '2' });
  expect(Object.keys(env).filter((name) => /^(path|other)$/i.test(name))).toEqual(['Path', 'OTHER']);
});

test('with case two names are two variables', () => {
  expect(made({ PATH: 'caller' }, { Path: 'app' }, true)).toMatchObject({ PATH: 'caller', Path: 'app' });
});
