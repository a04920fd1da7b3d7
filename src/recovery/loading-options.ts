/**
 * Options of a server on data in the making, behind the gear's own settings: what those keep from being made anew is to be as it was. A time zone by name is not
 * there before its tables are loaded, and the server would not start [ran]; the others refuse tables that were made before they were set.
 */
export const AS_IT_WAS: readonly string[] = ['--default-time-zone=+00:00', '--loose-innodb-force-primary-key=OFF', '--loose-innodb-read-only-compressed=OFF']
