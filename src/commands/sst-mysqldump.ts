import { isIP } from 'node:net'
import { availableParallelism } from 'node:os'
import type { SslOptions } from 'mysql2'
import { UsageError } from '../errors.ts'
import type { Config } from '../config/resolve.ts'
import { derive, SST_USER } from '../config/secrets.ts'
import { hostPort } from '../galera/endpoint.ts'
import { configOf } from '../gear/gear.ts'
import { sstPassword } from '../mariadb/users.ts'
import { signerOf } from '../peers/identity.ts'
import { sendMessage } from '../peers/message.ts'
import { parseSstArguments, type SstRequest } from '../sst/arguments.ts'
import { donate } from '../sst/donate.ts'
import { describeProgress, type SstProgress } from '../sst/progress.ts'
import { LONGEST_TEXT, type SstReport, SST_PATH, writeReport } from '../sst/report.ts'
import { readTls, tlsFiles } from '../tls/files.ts'
import { errorShape } from '../system/error-shape.ts'
import { tellPeople } from '../system/screen.ts'
import type { Context, Given } from './command.ts'
import { openedGear } from './opened-gear.ts'

/** How often progress goes to the server's log, milliseconds. */
const LOG_INTERVAL = 10_000

/** The donor's side of a state transfer; what it writes to stderr goes to the server's log. */
export async function run(context: Context, _given: Given, args: readonly string[]): Promise<number> {
  try {
    const request = parseSstArguments(args)
    const gear = await openedGear(context)
    const config = configOf(gear)
    const tell = teller(gear.paths.sstReport, config, request)
    const told = (state: SstReport['state'], stage: string, text: string): SstReport => ({ from: config.name, to: hostPort(request.host, request.port), state, stage, text: text.slice(0, LONGEST_TEXT), at: Date.now() })
    const log = logger()
    let fulfilled: SstRequest
    try {
      fulfilled = await donate({
        request,
        joiner: { host: request.host, port: request.port, ...(await tlsOf(config, gear.paths.tls, request.host)) },
        access: accessFrom(process.env['WSREP_SST_OPT_AUTH']) ?? { user: SST_USER, password: sstPassword(config) },
        silence: config.sstSilence,
        lanes: config.sstLanes ?? Math.min(8, Math.max(2, availableParallelism())),
        tell: (progress) => {
          log(progress)
          void tell(told('running', progress.stage, describeProgress(progress)))
        },
        warn: (text) => say('WARNING', text),
      })
    } catch (error) {
      const { message, hint } = errorShape(error)
      await tell(told('failed', 'failed', `${message} → ${hint}`))
      throw error
    }
    await tell(told('done', 'done', 'done'))
    // From 11.6 on mariadbd waits for this line.
    context.print(`done ${fulfilled.gtid}${fulfilled.gtidDomainId === null ? '' : ` ${fulfilled.gtidDomainId}`}`)
    say('INFO', request.bypass ? 'the position was handed over; write-sets follow' : 'state transfer done')
    return 0
  } catch (error) {
    const { message, hint, exitCode } = errorShape(error)
    say('ERROR', `${message} → ${hint}`)
    return exitCode
  }
}

/** With a certificate of our own, and with the name of the joiner's verified; empty where TLS is off. */
async function tlsOf(config: Config, folder: string, host: string): Promise<{ ssl?: SslOptions }> {
  const files = tlsFiles(config, folder)
  if (files === null) return {}
  const { ca, certificate: cert, key } = await readTls(files)
  return { ssl: { ca, cert, key, minVersion: 'TLSv1.2', rejectUnauthorized: true, verifyIdentity: isIP(host) === 0 } }
}

/** Tells both agents; neither is needed for the transfer. */
function teller(file: string, config: Config, { host, port }: SstRequest): (report: SstReport) => Promise<void> {
  const joiner = config.peers?.find((peer) => peer.host === host && peer.sqlPort === port)
  const key = signerOf(derive(config.secret, 'agent-messages'), config.name)
  let telling: Promise<void> | null = null
  const deliver = async (report: SstReport) => {
    await writeReport(file, report)
    if (joiner !== undefined) await sendMessage({ host: joiner.host, port: joiner.agentPort }, 'POST', SST_PATH, report, { key, timeout: config.probeTimeout })
  }
  return async (report) => {
    // One after the other, so that the last word is the last; progress that comes meanwhile is old by then.
    if (telling !== null && report.state === 'running') return
    await telling
    telling = deliver(report)
    await telling
    telling = null
  }
}

/** `wsrep_sst_auth` of a configuration that has one: `user:password`. */
function accessFrom(auth: string | undefined): { user: string; password: string } | null {
  if (auth === undefined || auth === '') return null
  const colon = auth.indexOf(':')
  if (colon < 1) throw new UsageError('bad-sst-auth', 'wsrep_sst_auth has no user and password', 'Set wsrep_sst_auth = user:password, or leave it out: galeractl has a user of its own.')
  return { user: auth.slice(0, colon), password: auth.slice(colon + 1) }
}

/** Each new stage, and how far it is from time to time. */
function logger(): (progress: SstProgress) => void {
  let told = { stage: '', at: -Infinity }
  return (progress) => {
    if (progress.stage === told.stage && progress.elapsed - told.at < LOG_INTERVAL) return
    told = { stage: progress.stage, at: progress.elapsed }
    say('INFO', `to ${progress.joiner}: ${describeProgress(progress)}`)
  }
}

/** As MariaDB's own scripts write. */
function say(level: 'INFO' | 'WARNING' | 'ERROR', text: string): void {
  tellPeople(`WSREP_SST: [${level}] ${text} (${new Date().toISOString()})`)
}
