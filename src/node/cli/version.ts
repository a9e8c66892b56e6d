/** As in package.json, which an installation does not have; a test compares them. */
export const version = "0.1.0";
