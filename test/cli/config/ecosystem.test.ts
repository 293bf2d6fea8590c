// pm2's ecosystem files mean here what they mean under pm2, or the user is told what does not.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { readConfig } from '#dist/cli/config/config-files.js';
import { parseAppConfig } from '#dist/supervisor/model/app-config.js';
import { temporaryDirectory } from '../../support/daemon.js';
import { scriptsStart } from '../../support/platform.js';

/** Reads an ecosystem file with one app, in a folder with these files. */
function read(app: object, files: Record<string, string> = {}, mode?: string) {
  const folder = temporaryDirectory();
  for (const [name, content] of Object.entries({ 'a.js': '', ...files })) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), content, { mode: content.startsWith('#!') ? 0o755 : 0o644 });
  }
  const path = join(folder, 'ecosystem.config.json');
  writeFileSync(path, JSON.stringify({ apps: [{ name: 'a', script: 'a.js', ...app }] }));
  const file = readConfig(path, mode);
  const [config] = file.apps;
  // Whatever is read, the daemon takes it.
  parseAppConfig(JSON.stringify(config));
  return { ...file, config, folder };
}

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('the program', () => {
  test.each([
    ['a program in the PATH', 'npm', { command: 'npm', args: ['start'] }],
    ['a command line', 'npm start', { command: 'sh', args: ['-c', 'npm start'] }],
  ])('is %s', (_what, script, expected) => {
    expect(read({ script, args: 'start' }).config).toMatchObject(expected);
  });

  test.skipIf(!scriptsStart)('is a program with a path', () => {
    expect(read({ script: '/bin/sleep', args: 'start' }).config).toMatchObject({
      command: '/bin/sleep',
      args: ['start'],
    });
  });

  test('is an executable script itself, with a path or without', () => {
    for (const script of ['./run.sh', 'run.sh']) {
      const { config, folder } = read({ script }, { 'run.sh': '#!/bin/bash\n' });
      expect(config).toMatchObject({ command: join(folder, 'run.sh'), args: [] });
    }
  });

  test.each([
    ['a.js', 'node'],
    ['a.py', 'python3'],
    ['a.sh', 'sh'],
    ['a.rb', 'ruby'],
    ['a', 'node'],
  ])('is chosen for %s by its kind: %s', (script, command) => {
    const { config, folder } = read({ script }, { [script]: 'text' });
    const file = join(folder, script);
    const byDaemon = !scriptsStart && /\.(py|sh)$/.test(script);
    expect(config).toMatchObject(byDaemon ? { command: file, args: [] } : { command, args: [file] });
  });

  test('is the interpreter that is named, with its own arguments', () => {
    const { config, folder } = read({ interpreter: 'python3', interpreter_args: '-X dev', args: 'x' });
    expect(config).toMatchObject({
      command: 'python3',
      args: ['-X', 'dev', join(folder, 'a.js'), 'x'],
      env: { PYTHONUNBUFFERED: '1' },
    });
    const none = read({ interpreter: 'none', script: 'sleep', args: ['9'] });
    expect(none.config).toMatchObject({ command: 'sleep', args: ['9'] });
    const memory = read({ node_args: '--max-old-space-size=512' });
    expect(memory.config).toMatchObject({
      command: 'node',
      args: ['--max-old-space-size=512', join(memory.folder, 'a.js')],
    });
  });

  test('is searched in the app’s folder', () => {
    const { config, folder } = read({ cwd: './sub', script: 'b.js' }, { 'sub/b.js': '' });
    expect(config).toMatchObject({ cwd: join(folder, 'sub'), args: [join(folder, 'sub', 'b.js')] });
  });

  test('that is not there is a fault of starting, and of nothing else', () => {
    const { config, faults, folder } = read({ script: 'gone.js' });
    expect(config?.name).toBe('a');
    expect(faults.get('a')).toContain(`there is no file ${join(folder, 'gone.js')}`);
  });

  test.each([{ interpreter: 'python3' }, { node_args: '--no-warnings' }])(
    'that an interpreter is to run has to be there, whatever its name: %j',
    (more) => {
      const { faults, folder } = read({ script: 'serve', ...more });
      expect(faults.get('a')).toContain(`there is no file ${join(folder, 'serve')}`);
    },
  );

  test('may be a folder for an interpreter that is named', () => {
    const { config, faults, folder } = read({ script: 'sub', interpreter: 'node' }, { 'sub/index.js': '' });
    expect(config?.args).toEqual([join(folder, 'sub')]);
    expect(faults.size).toBe(0);
  });

  test('that is a command line has no other arguments, and that is said', () => {
    const { notices, path } = read({ script: 'npm start', args: '--port 80', node_args: '--inspect' });
    expect(notices).toEqual([
      `${path}: args, node_args of a have no effect: its script is a command line, which may hold them`,
    ]);
    expect(read({ script: 'npm start' }).notices).toEqual([]);
  });

  test('of another Node by nvm is refused', () => {
    expect(() => read({ interpreter: 'node@18' })).toThrow(/interpreter "node@18" of a needs nvm/);
  });
});

describe('args', () => {
  test.each([
    ['--t "two words"', ['--t', 'two words']],
    [
      ['--t "two words"', 8],
      ['--t "two words"', '8'],
    ],
    ['', []],
    [null, []],
  ])('%j are %j', (args, expected) => {
    const { config, folder } = read({ args });
    expect(config?.args).toEqual([join(folder, 'a.js'), ...expected]);
  });

  test('with an open quote are refused with the app’s name', () => {
    expect(() => read({ args: '--t "two' })).toThrow(/args of a has a quote that is not closed/);
  });
});

describe('the environment', () => {
  const app = { env: { A: 1, B: 'x', C: true, D: { e: [1] } }, env_production: { B: 'prod' } };

  test.each([undefined, 'production', 'development'])('is env alone, whatever NODE_ENV is: %s', (nodeEnv) => {
    vi.stubEnv('NODE_ENV', nodeEnv);
    expect(read(app).config?.env).toEqual({ A: '1', B: 'x', C: 'true', D: '{"e":[1]}' });
  });

  test('gets the variables of the mode that was asked for', () => {
    expect(read(app, {}, 'production').config?.env).toMatchObject({ A: '1', B: 'prod' });
    expect(() => read(app, {}, 'staging')).toThrow('no app has an env_staging');
  });

  test('has the port', () => {
    expect(read({ port: 80 }).config?.env).toEqual({ PORT: '80' });
  });
});

test('every other key that pm2 knows is told to have no effect', () => {
  const { notices } = read({
    watch: true,
    cron_restart: '* * * * *',
    instances: 'max',
    exec_mode: 'cluster',
  });
  const text = notices.join('\n');
  expect(text).toContain('watch, cron_restart of a have no effect');
  expect(text).toContain('one instance of a is started; several are not supported');
  expect(text).toContain('cluster mode is not supported');
});

test('restarts, ids and autostart are translated', () => {
  const more = { autostart: false, autorestart: false, exp_backoff_restart_delay: 50, uid: '1000', gid: 7 };
  expect(read(more).config).toMatchObject({
    auto_start: false,
    restart_policy: 'no',
    backoff: { base_delay_ms: 50 },
    uid: 1000,
    gid: 7,
  });
  expect(() => read({ uid: 'www-data' })).toThrow('uid of a must be a number');
});

describe('a key of another type is refused, with the file, the app and what is expected', () => {
  const milliseconds = 'a number of milliseconds, such as 3000';
  test.each([
    ['name', 7, 'text'],
    ['script', ['a.js'], 'text'],
    ['exec', 5, 'text'],
    ['cmd', true, 'text'],
    ['command', {}, 'text'],
    ['args', 30, 'text or a list of words'],
    ['interpreter', ['node'], 'text'],
    ['exec_interpreter', false, 'text'],
    ['node_args', 5, 'text or a list of words'],
    ['interpreter_args', {}, 'text or a list of words'],
    ['interpreterArgs', true, 'text or a list of words'],
    ['cwd', ['x'], 'text'],
    ['env', ['A=1'], 'an object, such as {"KEY":"value"}'],
    ['env', 'A=1', 'an object, such as {"KEY":"value"}'],
    ['env_production', ['A=1'], 'an object, such as {"KEY":"value"}'],
    ['port', true, 'a number or text'],
    ['port', [80], 'a number or text'],
    ['autostart', 'false', 'true or false'],
    ['autorestart', 'false', 'true or false'],
    ['autorestart', 0, 'true or false'],
    ['restart_delay', '1s', milliseconds],
    ['restart_delay', -1, milliseconds],
    ['exp_backoff_restart_delay', true, milliseconds],
    ['max_restarts', 'many', 'a number'],
    ['max_restarts', '', 'a number'],
    ['max_restarts', 2.5, 'a whole number of at most 4294967295'],
    ['max_restarts', 1e12, 'a whole number of at most 4294967295'],
    ['kill_timeout', 3_600_001, 'at most an hour, which is 3600000'],
    ['kill_timeout', '3s', milliseconds],
    ['kill_timeout', [3000], milliseconds],
    ['max_memory_restart', true, 'a number with k, m or g, such as "512M"'],
    ['max_memory_restart', -5, 'a number with k, m or g, such as "512M"'],
    ['max_memory_restart', '512MiB', 'a number with k, m or g, such as "512M"'],
    ['uid', true, 'a number; names are not supported'],
    ['gid', [7], 'a number; names are not supported'],
    ['uid', 1.5, 'a whole number of at most 4294967295'],
    ['gid', '4294967296', 'a whole number of at most 4294967295'],
  ])('%s: %j', (key, value, expected) => {
    const app = key === 'name' ? 'apps[0]' : 'a';
    const found =
      typeof value !== 'object' ? JSON.stringify(value) : Array.isArray(value) ? 'a list' : 'an object';
    const mode = key === 'env_production' ? 'production' : undefined;
    expect(() => read({ [key]: value }, {}, mode)).toThrow(
      `ecosystem.config.json: ${key} of ${app} must be ${expected}, not ${found}`,
    );
  });

  test.each([
    [{ b: 1 }, 'an object'],
    [['b'], 'a list'],
    [null, 'null'],
  ])('in a list of words: %j', (word, found) => {
    for (const key of ['args', 'node_args'])
      expect(() => read({ [key]: ['a', word] })).toThrow(
        `ecosystem.config.json: ${key}[1] of a must be text, a number, true or false, not ${found}`,
      );
  });

  test.each([
    ['true', { pm2: true }, '"pm2" must be an object, such as {"apps":[…]}'],
    ['a list', { pm2: [{ script: 'a.js' }] }, '"pm2" must be an object'],
    ['text', { bunctl: 'a.js' }, '"bunctl" must be an object'],
    ['a wrong key', { pm2: { apps: [{ script: 'a.js', autorestart: 'no' }] } }, 'autorestart of a must be'],
  ])('in a package.json: %s', (_what, content, message) => {
    const path = join(temporaryDirectory(), 'package.json');
    writeFileSync(path, JSON.stringify({ name: 'p', scripts: { start: 'x' }, ...content }));
    expect(() => readConfig(path)).toThrow(message);
  });
});

test('numbers may be given as text, as under pm2, and null means that a key is not given', () => {
  const texts = { max_restarts: '7', kill_timeout: '3000', restart_delay: '1500', port: '80' };
  expect(read(texts).config).toMatchObject({
    stop_timeout: { secs: 3, nanos: 0 },
    backoff: { base_delay_ms: 1500, max_attempts: 7 },
    env: { PORT: '80' },
  });
  // JavaScript that is converted to JSON leaves fractions, such as those of 0.7 * 1024 ** 3.
  expect(read({ restart_delay: 1500.4, max_memory_restart: 751619276.8 }).config).toMatchObject({
    backoff: { base_delay_ms: 1500 },
    max_memory: 751619276,
  });
  const keys = [
    ...['exec', 'args', 'interpreter', 'exec_interpreter', 'node_args', 'cwd', 'env', 'port', 'uid', 'gid'],
    ...['autostart', 'autorestart', 'restart_delay', 'exp_backoff_restart_delay', 'max_restarts'],
    ...['kill_timeout', 'max_memory_restart'],
  ];
  const { config, folder } = read(Object.fromEntries(keys.map((key) => [key, null])));
  const plain = read({}).config;
  expect(config).toEqual({ ...plain, cwd: folder, args: [join(folder, 'a.js')] });
});
