// The file of `bunctl daemon -c FILE`: the apps that it declares are to run, and the outcome of each is reported.
import type { AppConfig } from './app-config.js';

export interface DeclaredFile {
  /** Its absolute path. Each app that it declares remembers it. */
  readonly file: string;
  /** All apps of the file, those without `auto_start` included. */
  readonly apps: readonly AppConfig[];
  /** Why apps of the file cannot be started, by their names: such an app is left as it is. */
  readonly faults: ReadonlyMap<string, string>;
}

/** The effect of the file on one app. */
export interface DeclaredOutcome {
  readonly app: string;
  /**
   * `kept-stopped`: it was stopped by a command and stays so. `stopped`: the file no longer declares it. `not-started`:
   * it has no `auto_start` and does not run. `failed`: see `why`.
   */
  readonly outcome:
    | 'started'
    | 'changed'
    | 'unchanged'
    | 'kept-stopped'
    | 'stopped'
    | 'not-started'
    | 'failed';
  readonly why?: string;
}
