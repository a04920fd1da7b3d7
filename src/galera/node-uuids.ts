import type { Down, Live } from './observation.ts'

/** The node UUIDs that it had, as it tells. */
export const nodeUuidsOf = (node: Down | Live): readonly string[] => [node.view?.ownUuid, node.kind === 'down' ? node.gvwstate?.myUuid : node.nodeUuid, ...node.nodeUuids].filter((uuid) => uuid !== undefined)
