/** A change of a stock script that leaves the rest as it is. */
type Change = readonly [from: RegExp, to: string]

/**
 * Where the joiner's socat is knocked at: it listens again a moment after the first piece came. A closed port is given up after
 * 10 s, one whose packets are dropped after two minutes, as without this.
 */
const KNOCK = ',retry=40,interval=0.25,connect-timeout=3'

/** Seconds, for a joiner that hangs. */
const TAKEN_WITHIN = 30

/**
 * The joiner empties its datadir, but not the folders of tables with DATA DIRECTORY, and then fails: "Destination file exists" [ran]. A table's `.isl`
 * names its file there; where the file is beside it, what is there is of somebody else. What comes from the donor is deeper, in .sst.
 */
const CLEAN_REMOTE = `
        find "$DATA" -mindepth 2 -maxdepth 2 -name '*.isl' -type f | while IFS= read -r isl; do
            if [ ! -f "\${isl%.isl}.ibd" ]; then rm -f -- "$(cat "$isl")"; fi
        done
`.replaceAll('$', () => '$$')

/**
 * MariaDB's scripts for state transfers, with what holds them up or fails taken out:
 * - rsync: the joiner looks once a second whether the donor is done, also where only IST follows; here every 50 ms.
 *   The donor of 10.11.19 does not look where conf.d has redo log, undo, Aria log and system tablespace, and has the joiner's deleted [ran]; here it does.
 *   VERIFY_IDENTITY would demand that the CA file holds the peer's certificate itself; here the CA must have issued it.
 * - both: the donor compares the joiner's certificate with a name that the joiner tells; here with the address that it connects to.
 * - mariabackup: the donor sleeps 10 s until the joiner surely listens again; here it waits until the joiner has taken the first piece, for a
 *   joiner's socat that is slow to accept would cut off the second connection with the first [ran], and then knocks. What the joiner might send meanwhile is no word for mariadbd, which reads what the
 *   script says. The joiner listens on every
 *   address of the host; here on its own. It gives socat an empty name to compare, which that looks up where a certificate
 *   has an IPv6 address, and fails [ran]; here none. The files of tables with DATA DIRECTORY go with the datadir that they are of.
 */
const changesOf = (bind: string): Readonly<Record<string, readonly Change[]>> => ({
  wsrep_sst_rsync: [
    [/(while \[ ! -r "\$MAGIC_FILE" \][\s\S]{0,200}?\n\s*sleep )1\n/, '$10.05\n'],
    [/(until check_pid_and_port[\s\S]{0,200}?\n\s*sleep )0\.2\n/, '$10.05\n'],
    [/(\nib_undo_dir="\$DATA_DIR"\n)/, '$1\nif command -v create_dirs >/dev/null; then create_dirs; fi\n'],
    [/VERIFY_OPT='verifyPeer = yes'/, "VERIFY_OPT='verifyChain = yes'"],
    [/if \[ -n "\$WSREP_SST_OPT_REMOTE_USER" \]; then\n\s*CHECK_OPT="checkHost = [^\n]*\n\s*elif /, 'if '],
  ],
  wsrep_sst_mariabackup: [
    [/\n\s*wsrep_log_info "Sleeping before data transfer for SST"\n\s*sleep 10\n/, '\n        [ "$tfmt" = socat ] || sleep 10\n\n'],
    [/(\n( *)ttcmd="\$tcmd"\n)/, `$1$2tcmd="\${tcmd/socat -u stdio/socat stdio}"\n$2tcmd="\${tcmd/socat stdio/socat -t ${TAKEN_WITHIN} stdio} >/dev/null"\n`],
    [/(tcmd="socat -u stdio TCP:\$REMOTEIP:\$SST_PORT)/, `$1${KNOCK}`],
    [/(local addr="\$REMOTEIP:\$SST_PORT)"/, `$1${KNOCK}"`],
    [/(tcmd="socat -u TCP-LISTEN:\$SST_PORT,reuseaddr)/, `$1,bind=${bind}`],
    [/(tcmd="socat -u openssl-listen:\$SST_PORT,reuseaddr)/, `$1,bind=${bind}`],
    [/("Cleaning the existing datadir and innodb-data\/log directories"\n)/, `$1${CLEAN_REMOTE}`],
    [/(commonname='(?:\$\(safe |\$))WSREP_SST_OPT_REMOTE_USER/, '$1WSREP_SST_OPT_HOST_UNESCAPED'],
    [/(-o \$encrypt -eq 4 \]\s*then\s*CN_option=)",commonname=''"/, "$1''"],
  ],
})

export const CHANGED_SCRIPTS = Object.keys(changesOf(''))

/** Our copy of a stock script; null where one of the changes does not fit, as half of them could do harm. `bind`: where this node listens. */
export function changedScript(name: string, stock: string, bind: string): string | null {
  const host = bind.includes(':') ? `[${bind}]` : bind
  let text = stock
  for (const [from, to] of changesOf(host)[name] ?? []) {
    if (!from.test(text)) return null
    text = text.replace(from, to)
  }
  return text === stock ? null : text
}

/** Ours in place of wsrep_sst_mysqldump. The gear is where the script is, so that a moved one still works. */
export function mysqldumpScript({ file, args }: { readonly file: string; readonly args: readonly string[] }): string {
  const quoted = [file, ...args].map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ')
  return `#!/bin/sh\n# Written by galeractl, in place of MariaDB's own script of this name.\nexec ${quoted} --gear "\${0%/*}/../.." sst-mysqldump "$@"\n`
}
