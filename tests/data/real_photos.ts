/** HAM10000 beside the project, for the tests that need it. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../../../shared/ham10000/", import.meta.url));

/** Its folder; null where it is not there. */
export const realPhotos = existsSync(folder) ? folder : null;
