/**
 * The inventory: what a cluster is, how it is read and what it is refused for. Nothing here does any I/O.
 *
 * - `validateCluster(value)` holds one document (as JSON would give it) against every rule and gives the model, or all
 *   problems; `validateInventory(values)` many, and the rules between them.
 * - `parseCluster(file, text)` reads a text (relaxed JSON, YAML, the predecessor's Python literals) and validates it;
 *   problems then have lines and columns.
 * - `Cluster` is the normalised model for renderers; `ClusterDocument` is what is written and stored.
 * - `canonicalDocument` puts a document's lists in order; `documentText` prints it, the same bytes for the same cluster.
 */
export type * from "./model.ts";
export { clusterTypes, dialects, lbKinds } from "./model.ts";
export { dialectFacts, type DialectFacts } from "./dialects.ts";
export { clusterJsonSchema, clusterSchema, type ClusterDocument, type LbDocument, type PortDocument, type VipDocument } from "./schema.ts";
export { problemText, type InventoryProblem } from "./problem.ts";
export { validateCluster, validateInventory, type InventoryFacts, type ValidCluster, type Validation } from "./validate.ts";
export { parseCluster, parseClusters, type ParsedCluster, type ParsedClusters, type PlacedProblem } from "./parse.ts";
export { canonicalDocument, documentText } from "./canonical.ts";
