import type { Down, Live } from './observation.ts'

/** The node UUIDs that it has, or had in the view that it tells. */
export const presentUuidsOf = (node: Down | Live): readonly string[] => [node.view?.ownUuid, node.kind === 'down' ? node.gvwstate?.myUuid : node.nodeUuid].filter((uuid) => uuid !== undefined)

/** All that it had, as it remembers. */
export const nodeUuidsOf = (node: Down | Live): readonly string[] => [...presentUuidsOf(node), ...node.nodeUuids]
