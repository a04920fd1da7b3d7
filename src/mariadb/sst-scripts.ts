/** A change of a stock script that leaves the rest as it is; where the script reads otherwise, it does nothing. */
type Change = readonly [from: RegExp, to: string]

/**
 * MariaDB's scripts for state transfers, with what holds them up or fails taken out:
 * - rsync: the joiner looks once a second whether the donor is done, also where only IST follows; here every 50 ms.
 *   VERIFY_IDENTITY would demand that the CA file holds the peer's certificate itself; here the CA must have issued it.
 * - both: the donor compares the joiner's certificate with a name that the joiner tells; here with the address that it connects to.
 * - mariabackup: the donor sleeps 10 s until the joiner surely listens again; here it knocks every 100 ms, as long at most.
 */
const CHANGES: Readonly<Record<string, readonly Change[]>> = {
  wsrep_sst_rsync: [
    [/(while \[ ! -r "\$MAGIC_FILE" \][\s\S]{0,200}?\n\s*sleep )1\n/, '$10.05\n'],
    [/(until check_pid_and_port[\s\S]{0,200}?\n\s*sleep )0\.2\n/, '$10.05\n'],
    [/VERIFY_OPT='verifyPeer = yes'/, "VERIFY_OPT='verifyChain = yes'"],
    [/if \[ -n "\$WSREP_SST_OPT_REMOTE_USER" \]; then\n\s*CHECK_OPT="checkHost = [^\n]*\n\s*elif /, 'if '],
  ],
  wsrep_sst_mariabackup: [
    [/\n\s*wsrep_log_info "Sleeping before data transfer for SST"\n\s*sleep 10\n/, '\n'],
    [/(tcmd="socat -u stdio TCP:\$REMOTEIP:\$SST_PORT)/, '$1,retry=100,interval=0.1'],
    [/(commonname='(?:\$\(safe |\$))WSREP_SST_OPT_REMOTE_USER/, '$1WSREP_SST_OPT_HOST_UNESCAPED'],
    [/(local addr="\$REMOTEIP:\$SST_PORT)"/, '$1,retry=100,interval=0.1"'],
  ],
}

export const CHANGED_SCRIPTS = Object.keys(CHANGES)

/** Our copy of a stock script; null where nothing of it is known, so that the stock one is to be used. */
export function changedScript(name: string, stock: string): string | null {
  const changed = (CHANGES[name] ?? []).reduce((text, [from, to]) => text.replace(from, to), stock)
  return changed === stock ? null : changed
}

/** Ours in place of wsrep_sst_mysqldump. The gear is where the script is, so that a moved one still works. */
export function mysqldumpScript({ file, args }: { readonly file: string; readonly args: readonly string[] }): string {
  const quoted = [file, ...args].map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ')
  return `#!/bin/sh\n# Written by galeractl, in place of MariaDB's own script of this name.\nexec ${quoted} --gear "\${0%/*}/../.." sst-mysqldump "$@"\n`
}
