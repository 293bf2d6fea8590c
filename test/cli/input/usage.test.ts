// Unknown words are refused with a suggestion, and exit code 2.
import { describe, expect, test } from 'vitest';
import { Manager } from '../../support/manager.js';

describe('unknown words are refused with a suggestion', () => {
  test.each<[string[], string | RegExp]>([
    [['strat'], 'Did you mean `bunctl start`?'],
    [['lsit'], 'Did you mean `bunctl list`?'],
    [['kill'], 'bunctl shutdown'],
    [['save'], 'records its apps itself'],
    [['startup'], 'a service for systemd'],
    [['scale', 'api', '3'], 'bunctl start FILE --name NAME'],
    [['env', 'api'], 'bunctl status NAME'],
    [['frobnicate'], /^Error: Unknown command "frobnicate"\. `bunctl --help` lists the commands\.\n$/],
    [['list', 'extra', 'args'], 'takes no names, but "extra" was given'],
    [['ping', 'x'], 'takes no names'],
    [['doctor', 'x'], 'takes no names'],
    [['doctor', '--timeout', '5'], 'Unknown option --timeout'],
    [['daemon', 'apps.json'], 'takes no names, but "apps.json" was given'],
    [['daemon', '--timeout', '5'], 'Unknown option --timeout'],
    [['shutdown', 'api'], 'bunctl stop api'],
    [['stop', 'a', '--', 'b'], 'takes nothing after --'],
    [['stop', 'all', 'nope'], '"all" means every app, so it takes no other names, but "nope" was given too'],
    [['stop', 'nope', 'ALL'], '"nope" was given too'],
    [['delete', 'all', 'nope', '-f'], '"nope" was given too'],
    [['restart', 'nope', 'all'], '"nope" was given too'],
    [['start', 'all', 'nope'], '"nope" was given too'],
    [['logs', 'all', 'nope'], '"nope" was given too'],
    [['flush', 'all', 'nope'], '"nope" was given too'],
    [['status', 'all', 'nope'], '"nope" was given too'],
    [['restart', 'a', '--auto-restart', '--restart', 'no'], '--auto-restart and --restart no exclude'],
    [['list', '--nonsense'], 'Unknown option --nonsense'],
    [['logs', '--flow'], 'Did you mean --follow?'],
    [['stop', '--name', 'api'], 'bunctl stop NAME'],
    [['start', 'server.js', '--port', '3000'], 'bunctl start server.js -- --port 3000'],
    [['start', 'api', '8080', '--', 'node'], 'bunctl start api -- node 8080'],
    [['logs', 'a', '--lines'], '--lines needs a value'],
    [['logs', 'a', '--lines', '--follow'], '--lines=--follow'],
    [['logs', 'a', '--follow=yes'], '--follow takes no value'],
    [['list', '--timeout', '2147484'], 'at most 2147483'],
    [['list', '--timeout', 'soon'], '"soon"'],
    [['list', '--timeout=-1'], '"-1"'],
    [['logs', '-l', '-1'], /^Error: -l takes no negative number, and -1 is one\.\n/],
    [['logs', '--grep', '-1'], '--grep=-1'],
    [['--socket', '/x y', 'list'], "options after it: bunctl list --socket '/x y'\n"],
    [['--nonsense'], 'options after it: bunctl COMMAND --nonsense\n'],
    [['start', 'tick.js', '--port', '3'], 'bunctl start tick.js -- --port 3\n'],
    [['start', 'api', '--port', '3000'], 'go after --: bunctl start NAME -- COMMAND [ARGS…]\n'],
    [['start', 'ecosystem.config.json', '--port', '3'], 'bunctl start NAME -- COMMAND [ARGS…]\n'],
  ])('bunctl %j', async (args, part) => {
    const ran = await new Manager().run(...args);
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toMatch(part);
    expect(ran.stderr).not.toMatch(/parseArgs|positional|ambiguous|ERR_/);
  });
});

describe('words of other process managers', () => {
  test.each<[string[], string]>([
    [['start', 'tick.js', '--watch'], 'node --watch FILE'],
    [['start', 'tick.js', '--ignore-watch', 'x'], 'node --watch FILE'],
    [['start', 'tick.js', '-i', '4'], 'bunctl start FILE --name NAME'],
    [['start', 'tick.js', '--instances', 'max'], 'bunctl start FILE --name NAME'],
    [['start', 'ecosystem.config.json', '--only', 'q'], 'bunctl start FILE NAME…'],
    [['start', 'tick.js', '--cron', '* * * * *'], 'a line of crontab'],
    [['start', 'tick.js', '--cron-restart', '* * * * *'], 'a line of crontab'],
    [['start', 'tick.js', '--no-daemon'], 'bunctl daemon'],
    [['start', 'tick.js', '--attach'], 'bunctl logs NAME -f'],
    [['start', 'tick.js', '--merge-logs'], 'bunctl status NAME'],
    [['start', 'tick.js', '--log', 'x'], 'bunctl status NAME'],
    [['start', 'tick.js', '--time'], 'bunctl logs NAME -t'],
    [['start', 'tick.js', '--node-args', 'x'], 'bunctl start NAME -- node'],
    [['start', 'tick.js', '--interpreter', 'x'], 'bunctl start NAME -- node'],
    [['start', 'tick.js', '--max-memory-restart', '1G'], '--max-memory SIZE'],
    [['start', 'tick.js', '--no-autorestart'], '--restart no'],
    [['start', 'tick.js', '--kill-timeout', '3000'], '--stop-timeout TIME'],
    [['start', 'tick.js', '--restart-delay', '3000'], '"backoff"'],
    [['start', 'tick.js', '-n', 'api'], '--name NAME'],
    [['start', 'tick.js', '-o', 'out.log'], 'bunctl status NAME'],
    [['start', 'tick.js', '--namespace', 'x'], 'bunctl stop NAME…'],
    [['logs', '-n', '5'], '`logs -l N`'],
    [['logs', '--err'], '--stream stderr'],
    [['logs', '--nostream'], 'ends after the last lines'],
  ])('that bunctl does not have are answered with what it has: bunctl %j', async (args, instead) => {
    const { code, stderr } = await new Manager().run(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(instead);
    // That would be an argument of the app.
    expect(stderr).not.toContain('Arguments of the app');
  });

  test('are understood: describe and show, version and -v', async () => {
    const manager = new Manager();
    for (const word of ['describe', 'show'])
      expect(await manager.run(word, '-j')).toMatchObject({ code: 0, stdout: '[]\n' });
    const version = await manager.ok('--version');
    for (const word of ['version', '-v', '-V']) expect(await manager.ok(word)).toBe(version);
  });
});

test('a timeout of 0 waits as long as it takes, also for a daemon to end', async () => {
  const manager = new Manager();
  await manager.ok('start', 'a', '--timeout', '0', '--', 'node', '-e', 'setInterval(() => {}, 1000)');
  expect(await manager.run('shutdown', '--timeout', '0')).toMatchObject({ code: 0 });
});
