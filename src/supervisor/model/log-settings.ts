// How the output of an app is kept: what its configuration says, and the daemon's defaults for what it leaves open.
import type { AppConfig } from './app-config.js';
import type { LogSettings } from './keeper-messages.js';
import { milliseconds } from './durations.js';
import type { Owner } from './owner.js';

/** For apps whose configuration does not say; absent settings are those of LOG_DEFAULTS. */
export interface LogDefaults {
  readonly maxSize?: number | undefined;
  readonly maxFiles?: number | undefined;
  readonly format?: LogSettings['format'] | undefined;
}

/** The original's sizes. */
const LOG_DEFAULTS = { maxSize: 10 * 1024 * 1024, maxFiles: 10, format: 'stamped' } as const;

/** @param owner The user that the app runs as, if it is another one than the daemon's. */
export function logSettings(config: AppConfig, defaults: LogDefaults, owner: Owner | undefined): LogSettings {
  return {
    format: config.log_format ?? defaults.format ?? LOG_DEFAULTS.format,
    maxSize: config.log_max_size ?? defaults.maxSize ?? LOG_DEFAULTS.maxSize,
    maxFiles: config.log_max_files ?? defaults.maxFiles ?? LOG_DEFAULTS.maxFiles,
    rotateEvery: config.log_rotate_every === null ? 0 : milliseconds(config.log_rotate_every),
    compress: config.log_compress ?? true,
    maxLines: config.log_max_lines ?? 0,
    owner: owner ?? null,
  };
}
