// Configuration files: which one is found, what is in it, and what is said when it is wrong.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findConfig, readConfig } from '#dist/cli/config/config-files.js';
import { parseAppConfig } from '#dist/supervisor/model/app-config.js';
import { temporaryDirectory } from '../../support/daemon.js';

function folder(files: Record<string, unknown>): string {
  const directory = temporaryDirectory();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(directory, name, '..'), { recursive: true });
    writeFileSync(join(directory, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return directory;
}
const names = (directory: string) => findConfig(directory)?.apps.map(({ name }) => name);
const app = (name: string) => ({ name, command: 'x' });
const script = (name: string, more: object = {}) => ({ apps: [{ name, script: 'a.js', ...more }] });

describe('discovery', () => {
  test('takes the first of bunctl.json, ecosystem.config.json and package.json, here and in config', () => {
    const all = {
      'bunctl.json': { apps: [app('bunctl')] },
      'ecosystem.config.json': script('ecosystem'),
      'package.json': { name: 'package', scripts: { start: 'x' } },
    };
    expect(names(folder(all))).toEqual(['bunctl']);
    const { 'bunctl.json': _, ...two } = all;
    expect(names(folder(two))).toEqual(['ecosystem']);
    expect(names(folder({ 'package.json': all['package.json'] }))).toEqual(['package']);
    expect(names(folder({ 'config/bunctl.json': all['bunctl.json'] }))).toEqual(['bunctl']);
    expect(findConfig(folder({}))).toBeUndefined();
    expect(findConfig(folder({ 'package.json': { name: 'library' } }))).toBeUndefined();
  });

  test.each(
    ['ecosystem', 'pm2'].flatMap((name) =>
      ['js', 'cjs', 'mjs', 'ts', 'mts', 'cts'].map((kind) => `${name}.config.${kind}`),
    ),
  )('ends at a file in JavaScript by each name that pm2 knows: %s', (name) => {
    const package_ = { 'package.json': { name: 'x', scripts: { start: 'x' } } };
    expect(findConfig(folder({ [name]: '', ...package_ }))).toMatchObject({
      apps: [],
      refusal: expect.stringContaining(`Please convert `) as string,
    });
  });

  test('ends at a file in JavaScript, which is not read', () => {
    const found = findConfig(
      folder({ 'ecosystem.config.js': 'process.exit(1)', 'package.json': { bunctl: { apps: [app('a')] } } }),
    );
    expect(found?.refusal).toContain('JavaScript config files are not supported for security reasons');
    expect(found?.apps).toEqual([]);
    const json = { 'ecosystem.config.js': '', 'ecosystem.config.json': script('converted') };
    expect(names(folder(json))).toEqual(['converted']);
  });

  test('passes over a broken package.json, and names it if there is nothing else', () => {
    const broken = { 'package.json': '{' };
    expect(findConfig(folder(broken))).toMatchObject({
      apps: [],
      refusal: expect.stringContaining('package.json is not valid JSON: ') as string,
    });
    expect(names(folder({ ...broken, 'config/bunctl.json': { apps: [app('a')] } }))).toEqual(['a']);
  });

  test.each([
    ['api', 'api'],
    ['@acme/api', 'acme-api'],
  ])('names the app of package.json %s: %s', (name, usable) => {
    const found = folder({ 'package.json': { name, scripts: { start: 'x' } } });
    expect(names(found)).toEqual([usable]);
  });
});

describe('a bunctl.json', () => {
  test('is completed so that the daemon takes it', () => {
    const directory = folder({
      'bunctl.json': `\uFEFF${JSON.stringify({ apps: [{ ...app('a'), cwd: 'sub', stop_timeout: '1500ms', restart_policy: 'OnFailure', backoff: { max_attempts: 3 } }, app('b')] })}`,
    });
    const [a, b] = readConfig(join(directory, 'bunctl.json')).apps;
    expect(a).toMatchObject({
      cwd: join(directory, 'sub'),
      stop_timeout: { secs: 1, nanos: 500_000_000 },
      restart_policy: 'on-failure',
      backoff: { base_delay_ms: 100, max_attempts: 3 },
    });
    expect(b).toMatchObject({
      cwd: directory,
      restart_policy: 'on-failure',
      stop_timeout: { secs: 10, nanos: 0 },
    });
    for (const one of [a, b]) expect(parseAppConfig(JSON.stringify(one)).name).toBe(one?.name);
  });

  test('may give variables as numbers, true and false, which become text', () => {
    const env = { PORT: 3000, DEBUG: true, EMPTY: '' };
    const [one] = findConfig(folder({ 'bunctl.json': { apps: [{ ...app('a'), env }] } }))?.apps ?? [];
    expect(one?.env).toEqual({ PORT: '3000', DEBUG: 'true', EMPTY: '' });
  });

  test.each([
    ['"512M"', 512 * 1024 ** 2],
    ['1048576', 1024 ** 2],
    ['null', null],
  ])('may give the most memory as %s', (text, most) => {
    const content = `{"apps":[{"name":"a","command":"x","max_memory":${text}}]}`;
    const [one] = findConfig(folder({ 'bunctl.json': content }))?.apps ?? [];
    expect(one?.max_memory).toBe(most);
  });

  test.each([
    ['"500ms"', { secs: 0, nanos: 500_000_000 }],
    ['"15s"', { secs: 15, nanos: 0 }],
    ['"2m"', { secs: 120, nanos: 0 }],
    ['"1h"', { secs: 3600, nanos: 0 }],
    ['1.5', { secs: 1, nanos: 500_000_000 }],
    ['{"secs":15,"nanos":1}', { secs: 15, nanos: 1 }],
  ])('may give a time as %s', (text, stop_timeout) => {
    const content = `{"apps":[{"name":"a","command":"x","stop_timeout":${text}}]}`;
    const [one] = findConfig(folder({ 'bunctl.json': content }))?.apps ?? [];
    expect(one).toMatchObject({ stop_timeout });
    expect(parseAppConfig(JSON.stringify(one)).stop_timeout).toEqual(stop_timeout);
  });

  test.each([
    ['{"apps":[\n{"name":"a"', /bunctl\.json is not valid JSON/],
    ['[]', /must hold a JSON object/],
    ['{"apps":{}}', /needs a list of apps/],
    ['{"apps":[],"other":1}', /unknown key "other"/],
    ['{"apps":[{"command":"x"}]}', /apps\[0\] needs a "name"/],
    [
      '{"apps":[{"name":"a","command":"x","commnad":"y"}]}',
      /bunctl\.json: app a has an unknown key "commnad"; did you mean "command"\?/,
    ],
    [
      '{"apps":[{"name":"a","command":"x","env":{"A":null}}]}',
      /bunctl\.json: env\.A of app a must be text, a number, true or false, not null/,
    ],
    [
      '{"apps":[{"name":"a","command":"x","env":{"A=B":"1"}}]}',
      /bunctl\.json: env of app a: the name of a variable cannot hold "="/,
    ],
    ['{"apps":[{"name":"a","command":"x","env":[]}]}', /bunctl\.json: env of app a must be an object/],
    ['{"apps":[{"name":"a"}]}', /apps\[0\] needs a "command"/],
    ['{"apps":[{"name":"a","command":"x"},{"name":"a","command":"y"}]}', /two apps named a/],
    [
      '{"apps":[{"name":"My app","command":"x"},{"name":"my-app","command":"y"}]}',
      /two apps with the id my-app: "My app" and "my-app"/,
    ],
    ['{"apps":[{"name":"x/y","command":"x"}]}', /bunctl\.json: An app name cannot contain/],
    ['{"apps":[{"name":"ALL","command":"x"}]}', /bunctl\.json: "ALL" stands for every app/],
  ])('that is wrong is named with its fault: %s', (text, message) => {
    expect(() => findConfig(folder({ 'bunctl.json': text }))).toThrow(message);
  });

  const time = 'must be a time of at most an hour';
  test.each<[object, string]>([
    [
      { max_memory: '1.5G' },
      'max_memory of app a must be a whole number of bytes, or with k, m or g, such as "512M", not "1.5G"',
    ],
    [{ max_memory: 'much' }, 'max_memory of app a must be a whole number of bytes'],
    [{ max_memory: -1 }, 'max_memory of app a must be'],
    [{ stop_timeout: 'abc' }, `stop_timeout of app a ${time}`],
    [{ stop_timeout: '2h' }, `stop_timeout of app a ${time}`],
    [{ stop_timeout: { secs: 1 } }, `stop_timeout of app a ${time}`],
    [{ log_max_size: 'big' }, 'log_max_size of app a must be'],
    [
      { log_rotate_every: 'daily' },
      'log_rotate_every of app a must be a time, such as "12h" or "1d", not "daily"',
    ],
    [{ log_format: 'json' }, 'log_format of app a must be "stamped" or "raw", not "json"'],
    [{ log_compress: 'no' }, 'log_compress of app a must be true or false, not "no"'],
    [{ log_max_files: 1.5 }, 'log_max_files of app a must be a whole number, not 1.5'],
    [{ auto_start: 'yes' }, 'auto_start of app a must be true or false, not "yes"'],
    [{ restart_policy: 'never' }, 'restart_policy of app a must be one of "no", "always"'],
    [
      { args: '--port 1' },
      'args of app a must be a list of words, such as ["--port", "3000"], not "--port 1"',
    ],
    [{ args: [['secret']] }, 'args of app a must be a list of words, such as ["--port", "3000"], not a list'],
    [{ cwd: 1 }, 'cwd of app a must be text, not 1'],
    [{ uid: 'me' }, 'uid of app a must be a whole number, not "me"'],
    [{ backoff: 3 }, 'backoff of app a must be an object, such as {"max_attempts":10}, not 3'],
    [
      { backoff: { max_attempt: 3 } },
      'app a has an unknown key "backoff.max_attempt"; did you mean "max_attempts"?',
    ],
    [{ backoff: { max_attempts: '3' } }, 'backoff.max_attempts of app a must be a whole number, not "3"'],
    [{ backoff: { exhausted_action: 'x' } }, 'backoff.exhausted_action of app a must be "stop" or "remove"'],
    [{ health_check: { x: 1 } }, 'health_check of app a must be an object with check_type, interval'],
  ])('whose key is of another type or another value is refused with what it must be: %j', (more, message) => {
    const path = join(folder({ 'bunctl.json': { apps: [{ ...app('a'), ...more }] } }), 'bunctl.json');
    expect(() => readConfig(path)).toThrow(`${path}: ${message}`);
  });

  test('may have every key as its page writes it, and the daemon takes it', () => {
    const more = {
      args: ['a', 1, true],
      restart_policy: 'UnlessStopped',
      log_max_size: '0',
      log_max_files: 0,
      log_rotate_every: '36h',
      log_format: 'raw',
      stop_timeout: [1, 0],
      kill_timeout: 3600,
      max_cpu_percent: 0.5,
      backoff: { multiplier: 1.5, max_attempts: null, exhausted_action: null },
      health_check: {
        check_type: { type: 'tcp', host: 'h', port: 1 },
        ...{ interval: { secs: 1, nanos: 0 }, timeout: { secs: 1, nanos: 0 } },
        ...{ start_period: { secs: 1, nanos: 0 }, retries: 1 },
      },
    };
    const nothing = { max_memory: null, uid: null, log_max_size: null, stop_timeout: null, backoff: null };
    for (const each of [more, nothing]) {
      const [one] = findConfig(folder({ 'bunctl.json': { apps: [{ ...app('a'), ...each }] } }))?.apps ?? [];
      expect(parseAppConfig(JSON.stringify(one))).toMatchObject({ name: 'a' });
    }
  });
});

test('a bunctl.json says what of it is kept and not acted on, as long as it is given', () => {
  const more = { health_check: null, kill_timeout: '2s', stdout_log: '/x', max_memory: 1 };
  const { notices } = readConfig(
    join(folder({ 'bunctl.json': { apps: [app('plain'), { ...app('a'), ...more }] } }), 'bunctl.json'),
  );
  expect(notices).toEqual([
    expect.stringMatching(/bunctl\.json: kill_timeout, stdout_log of a have no effect$/),
  ]);
});

describe('an ecosystem file', () => {
  test('says what of it is not acted on', () => {
    const more = { watch: true, out_file: 'x', instances: 4 };
    const { notices } = readConfig(join(folder({ 'ecosystem.json': script('a', more) }), 'ecosystem.json'));
    expect(notices.join('\n')).toMatch(/one instance of a.*\n.*watch, out_file of a have no effect$/);
  });

  test('says nothing of what is not given, or is as it is here anyway', () => {
    const nothing = { watch: null, out_file: null, instances: '1' };
    const content = { ...script('a', nothing), deploy: null };
    expect(readConfig(join(folder({ 'ecosystem.json': content }), 'ecosystem.json')).notices).toEqual([]);
    const none = script('a', { instances: null });
    expect(readConfig(join(folder({ 'ecosystem.json': none }), 'ecosystem.json')).notices).toEqual([]);
  });

  test('is translated', () => {
    const directory = folder({
      'pm2.json': script('api', {
        args: '--port 80  -v',
        env: { A: 1, B: 'x' },
        env_development: { B: 'y' },
        max_memory_restart: '512MB',
        kill_timeout: 1500,
        restart_delay: 70,
        max_restarts: 4,
        instances: 4,
        watch: true,
      }),
    });
    const { apps, notices } = readConfig(join(directory, 'pm2.json'), 'development');
    expect(notices.join()).toContain('one instance of api');
    expect(apps[0]).toMatchObject({
      command: 'node',
      args: [join(directory, 'a.js'), '--port', '80', '-v'],
      env: { A: '1', B: 'y' },
      max_memory: 512 * 1024 * 1024,
      stop_timeout: { secs: 1, nanos: 500_000_000 },
      backoff: { base_delay_ms: 70, max_attempts: 4 },
      restart_policy: 'always',
      auto_start: true,
    });
    expect(parseAppConfig(JSON.stringify(apps[0])).name).toBe('api');
  });

  test('knows other interpreters, no restart, and refuses nonsense', () => {
    const read = (more: object) =>
      readConfig(join(folder({ 'ecosystem.json': script('a', more) }), 'ecosystem.json')).apps[0];
    expect(read({ interpreter: 'none', autorestart: false, args: ['b c'] })).toMatchObject({
      command: expect.stringMatching(/[\\/]a\.js$/) as string,
      args: ['b c'],
      restart_policy: 'no',
    });
    expect(read({ interpreter: 'python3' })).toMatchObject({ command: 'python3' });
    expect(() => read({ max_memory_restart: 'lots' })).toThrow('512M');
    expect(() => read({ max_memory_restart: '0M' })).toThrow('512M');
  });
});

test('a JavaScript file that was named is refused with the way out', () => {
  expect(() => readConfig('/x/ecosystem.config.js')).toThrow(
    `Please convert ${resolve('/x/ecosystem.config.js')} to JSON format.`,
  );
});

test.each(['eco.yml', 'ecosystem.config.yaml'])('YAML is refused with the way out: %s', (name) => {
  const path = resolve('/x', name);
  expect(() => readConfig(path)).toThrow(`YAML is not read. Please convert ${path} to JSON format.`);
});
