// What is said of an app whose new state cannot be written down, as on a full disk.

/** @param why The error of the last try. */
export const unsavedNotice = (name: string, why: string): string =>
  `The new state of app ${name} cannot be written to the disk: ${why}. The daemon tries again every 5 s. If it ends before that, the next daemon knows only the state of the app before this command`;

/** After a shutdown. @param app Its id and the error of the last try. */
export const endUnsaved = (app: string): string =>
  `The end of an app cannot be written to the disk, so the next daemon may take it for crashed and start it: ${app}`;
