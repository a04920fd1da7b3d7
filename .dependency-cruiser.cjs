/** The layers of docs/architecture.md: who may import whom. */
const layer = (name, allowed) => ({
  name: `layer-${name}`,
  severity: 'error',
  comment: `src/${name} may import only ${allowed.join(', ')}`,
  from: { path: `^src/${name}/` },
  to: { path: '^src/', pathNot: [`^src/${name}/`, '^src/errors[.]ts$', ...allowed.map((one) => `^src/${one}/`)] },
})

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'pure-core', severity: 'error', comment: 'src/galera has no I/O, clock or process', from: { path: '^src/galera/' }, to: { dependencyTypes: ['core'] } },
    { name: 'pure-core-packages', severity: 'error', from: { path: '^src/galera/' }, to: { path: 'node_modules', pathNot: 'node_modules/zod' } },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
    { name: 'commands-apart', severity: 'error', comment: 'a command never imports another: only what several share', from: { path: '^src/commands/' }, to: { path: '^src/commands/', pathNot: '^src/commands/(command|setting-options|opened-gear|gear-agent|decision-text|event-line|status-screen|progress-output|snapshot-folder|restore-confirmation)[.]ts$', dependencyTypesNot: ['dynamic-import'] } },
    { name: 'nobody-imports-commands', severity: 'error', from: { path: '^src/', pathNot: '^src/(commands/|cli[.]ts)' }, to: { path: '^src/commands/' } },
    layer('galera', []),
    layer('system', []),
    layer('config', ['galera', 'system']),
    layer('tls', ['galera', 'system', 'config']),
    layer('mariadb', ['galera', 'system', 'config', 'tls']),
    layer('peers', ['galera', 'system']),
    layer('sst', ['galera', 'system', 'config', 'mariadb', 'peers']),
    layer('snapshot', ['galera', 'system', 'config', 'mariadb', 'peers', 'sst']),
    layer('archive', ['galera', 'system', 'config', 'mariadb']),
    layer('gear', ['galera', 'system', 'config', 'tls', 'mariadb', 'peers']),
    layer('agent', ['galera', 'system', 'config', 'tls', 'mariadb', 'peers', 'sst', 'archive', 'gear']),
    layer('recovery', ['galera', 'system', 'config', 'tls', 'mariadb', 'peers', 'sst', 'snapshot', 'archive', 'gear', 'agent']),
    // A library of its own: no other part of the tool, nothing but mysql2.
    { name: 'layer-client', severity: 'error', from: { path: '^src/client/' }, to: { path: '^src/', pathNot: '^src/client/' } },
    { name: 'client-packages', severity: 'error', from: { path: '^src/client/' }, to: { path: 'node_modules', pathNot: 'node_modules/(mysql2|@types)/' } },
    { name: 'nobody-imports-the-client', severity: 'error', from: { path: '^src/', pathNot: '^src/client/' }, to: { path: '^src/client/' } },
    layer('demo', ['galera', 'system', 'config', 'gear', 'agent']),
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(versions|hooks)/' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.json'], exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default'] },
  },
}
