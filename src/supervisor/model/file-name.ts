// The name of a file that is made from an app's id.

/** Names of devices, which Windows finds in every folder, with any ending; see "Naming Files, Paths, and Namespaces". */
const DEVICE = /^(con|prn|aux|nul|conin\$|conout\$|com[\d¹²³]|lpt[\d¹²³])(\.|$)/i;

/**
 * The beginning of the names of an app's files, to which an ending is added. On Windows an id that is a device's name
 * gets a `=` in front, which no id has.
 */
export function fileName(id: string, platform: string = process.platform): string {
  return platform === 'win32' && DEVICE.test(id) ? `=${id}` : id;
}

/** The id whose {@link fileName} this is. */
export const idOfFile = (name: string): string => name.replace(/^=/, '');
