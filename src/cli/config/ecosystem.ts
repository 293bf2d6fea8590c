// Translates pm2's ecosystem files; nothing in them is executed.
import { dirname } from 'node:path';
import { fullConfig } from './app-config.js';
import {
  appsOf,
  complete,
  type ConfigFile,
  ConfigFileError,
  type Fields,
  isObject,
  withoutEffect,
  textOf,
} from './config-fields.js';
import { parseSize } from '../input/sizes.js';

/** Keys of an ecosystem app that have an effect here. */
const ACTED_ON: ReadonlySet<string> = new Set([
  ...['name', 'script', 'args', 'interpreter', 'cwd', 'env', 'env_production', 'env_development'],
  ...['autorestart', 'restart_delay', 'max_restarts', 'kill_timeout', 'max_memory_restart', 'instances'],
  ...['uid', 'gid'],
]);

export function ecosystem(path: string, content: Fields): ConfigFile {
  const notices: string[] = [];
  const apps = appsOf(path, content).map((app, index) => {
    const name = textOf(path, app, index, 'name');
    const script = textOf(path, app, index, 'script');
    if (app['instances'] !== undefined && app['instances'] !== 1)
      notices.push(`${path}: one instance of ${name} is started; several are not supported`);
    const idle = Object.keys(app).filter((key) => !ACTED_ON.has(key));
    notices.push(...withoutEffect(path, name, idle));
    const interpreter = typeof app['interpreter'] === 'string' ? app['interpreter'] : 'node';
    const own = words(path, name, app['args']);
    const { restart_delay: delay, max_restarts: most, kill_timeout: kill, uid, gid } = app;
    return fullConfig(
      {
        name,
        command: interpreter === 'none' ? script : interpreter,
        args: interpreter === 'none' ? own : [script, ...own],
        env: environment(app),
        auto_start: true,
        restart_policy: app['autorestart'] === false ? 'no' : 'always',
        max_memory: memory(path, name, app['max_memory_restart']),
        stop_timeout: (typeof kill === 'number' ? kill : 5000) / 1000,
        backoff: {
          ...(typeof delay === 'number' ? { base_delay_ms: delay } : {}),
          ...(typeof most === 'number' ? { max_attempts: most } : {}),
        },
        ...(typeof app['cwd'] === 'string' ? { cwd: app['cwd'] } : {}),
        ...(typeof uid === 'number' ? { uid } : {}),
        ...(typeof gid === 'number' ? { gid } : {}),
      },
      { cwd: dirname(path) },
    );
  });
  return complete(path, apps, notices);
}

function words(path: string, name: string, args: unknown): string[] {
  if (args === undefined || args === null) return [];
  if (typeof args === 'string') return args.split(/\s+/).filter((word) => word !== '');
  if (Array.isArray(args)) return args.map(String);
  throw new ConfigFileError(`${path}: args of ${name} must be text or a list`);
}

function environment(app: Fields): Record<string, string> {
  const { NODE_ENV: mode } = process.env;
  const overlay =
    mode === undefined || mode === 'production'
      ? app['env_production']
      : mode === 'development'
        ? app['env_development']
        : undefined;
  const merged = { ...(isObject(app['env']) ? app['env'] : {}), ...(isObject(overlay) ? overlay : {}) };
  return Object.fromEntries(
    Object.entries(merged).map(([key, value]) => [
      key,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );
}

function memory(path: string, name: string, given: unknown): number | null {
  if (given === undefined || given === null) return null;
  if (typeof given === 'number') return given > 0 ? given : null;
  const size = typeof given === 'string' ? parseSize(given) : undefined;
  if (size === undefined)
    throw new ConfigFileError(
      `${path}: max_memory_restart of ${name} is a number with k, m or g, for example "512M"`,
    );
  return size;
}
