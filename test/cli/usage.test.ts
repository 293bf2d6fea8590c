// What is said to whoever types something that means nothing: a sentence with the way out, and exit code 2.
import { describe, expect, test } from 'vitest';
import { Manager } from '../support/manager.js';

describe('what means nothing is refused with the way out', () => {
  test.each<[string[], string | RegExp]>([
    [['strat'], 'Did you mean start?'],
    [['lsit'], 'Did you mean list?'],
    [['kill'], 'bunctl shutdown'],
    [['frobnicate'], /^There is no command "frobnicate"\. bunctl --help lists them\.\n$/],
    [['list', 'extra', 'args'], 'takes no names, but "extra" was given'],
    [['ping', 'x'], 'takes no names'],
    [['doctor', 'x'], 'takes no names'],
    [['shutdown', 'api'], 'bunctl stop api'],
    [['stop', 'a', '--', 'b'], 'Nothing can stand behind -- here'],
    [['list', '--nonsense'], 'There is no option --nonsense'],
    [['logs', '--flow'], 'Did you mean --follow?'],
    [['stop', '--name', 'api'], 'bunctl stop NAME'],
    [['start', 'server.js', '--port', '3000'], 'bunctl start server.js -- --port 3000'],
    [['start', 'api', '8080', '--', 'node'], 'give one name'],
    [['logs', 'a', '--lines'], '--lines needs a value'],
    [['logs', 'a', '--lines', '--follow'], '--lines=--follow'],
    [['logs', 'a', '--follow=yes'], '--follow takes no value'],
    [['list', '--timeout', '2147484'], 'at most 2147483'],
    [['list', '--timeout', 'soon'], '"soon"'],
    [['list', '--timeout=-1'], '"-1"'],
  ])('bunctl %j', async (args, part) => {
    const ran = await new Manager().run(...args);
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toMatch(part);
    expect(ran.stderr).not.toMatch(/parseArgs|positional|ambiguous|ERR_/);
  });
});

describe('what others call it', () => {
  test('is understood: describe and show, version and -v', async () => {
    const manager = new Manager();
    for (const word of ['describe', 'show'])
      expect(await manager.run(word, '-j')).toMatchObject({ code: 0, stdout: '[]\n' });
    const version = await manager.ok('--version');
    for (const word of ['version', '-v', '-V']) expect(await manager.ok(word)).toBe(version);
  });
});

test('a timeout of 0 waits as long as it takes, also for a daemon to end', async () => {
  const manager = new Manager();
  await manager.ok('start', 'a', '--timeout', '0', '--', 'sleep', '1000');
  expect(await manager.run('shutdown', '--timeout', '0')).toMatchObject({ code: 0 });
});
